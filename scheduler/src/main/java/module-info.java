/** Time, rings and the tick loop. Knows neither tensors nor CUDA, which is what lets it be simulated. */
module dev.tactus.scheduler {
    requires transitive org.agrona;

    exports dev.tactus.scheduler;
}
