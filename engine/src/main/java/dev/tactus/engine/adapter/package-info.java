/** LoRA adapters: factors beside a model's matrices, kept as PEFT keeps them, several at once beside one base. */
package dev.tactus.engine.adapter;
