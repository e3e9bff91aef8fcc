/** Micro-turn episodes with exact ground truth, synthesised from a seed: to train on and to evaluate with. */
module dev.tactus.scenarios {
    requires transitive dev.tactus.bindings;
    requires transitive dev.tactus.engine;
    requires java.desktop;
    requires tools.jackson.databind;

    exports dev.tactus.scenario;
    exports dev.tactus.scenario.eval;
    exports dev.tactus.scenario.language;
    exports dev.tactus.scenario.speech;
    exports dev.tactus.scenario.training;
}
