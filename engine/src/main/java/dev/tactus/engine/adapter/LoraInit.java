package dev.tactus.engine.adapter;

/** What A starts with; B starts with zeros, so a new adapter changes nothing. The kinds are PEFT's. */
public enum LoraInit {
    /** Uniform within ±1 / sqrt(columns), PEFT's default: Kaiming's bound for a = sqrt(5). */
    KAIMING,
    /** Normal with standard deviation 1 / rank, PEFT's {@code init_lora_weights="gaussian"}. */
    GAUSSIAN
}
