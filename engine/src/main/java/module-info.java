/** The engine: a model, its sessions and the 200 ms beat, linked into a service or driven from a shell. */
module dev.tactus.engine {
    requires transitive dev.tactus.kernels;
    requires transitive dev.tactus.memory;
    requires transitive dev.tactus.scheduler;
    requires ai.djl.tokenizers;
    requires java.desktop;
    requires jdk.management;
    requires tools.jackson.databind;

    exports dev.tactus.engine;
    exports dev.tactus.engine.adapter;
    exports dev.tactus.engine.audio;
    exports dev.tactus.engine.device;
    exports dev.tactus.engine.device.cpu;
    exports dev.tactus.engine.ledger;
    exports dev.tactus.engine.model;
    exports dev.tactus.engine.sim;
    exports dev.tactus.engine.text;
    exports dev.tactus.engine.tuning;
    exports dev.tactus.engine.tuning.recipe;
    exports dev.tactus.engine.video;
}
