/** Off-heap memory with an account: arenas that freeze, slabs, slot pools and paged KV rings. */
module dev.tactus.memory {
    requires transitive dev.tactus.bindings;

    exports dev.tactus.memory;
}
