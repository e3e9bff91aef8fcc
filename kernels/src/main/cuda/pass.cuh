/*
 * The pass: what kernels read of a tick, in device memory, and the two kernels that bring it there.
 *
 * The host writes plans in pinned memory. The first kernel of a tick copies the live parts of its columns to the
 * device, all at once, so that the others do not wait for the bus one by one; tactus_advance (generate.cuh) writes the
 * rows of every further pass over those of the last. Kernels are given the addresses of counts and columns when their
 * graph is captured, and the graph never changes.
 *
 * tactus_pass_gather   columns of the plan, pinned -> device
 *     moves            4 bytes per row, segment, source or entry for most columns: 3 KB for a session of 24 rows
 *     floor            a round trip over the bus, 2 us
 * tactus_pass_begin    page tables, pinned -> device; carries of sessions that begin, zeroed
 *     moves            8 bytes per page of a session, and once in its life the bytes of its state
 *     floor            a round trip over the bus
 */
#ifndef TACTUS_PASS_CUH
#define TACTUS_PASS_CUH

#include "portable.h"

/* Where a count stands in the header of a pass, an int each; dev.tactus.engine.device.cuda.PassBlock. */
enum pass_count {
    PASS_ROWS = 0,
    PASS_SEGMENTS = 1,
    PASS_OUTPUT_ROWS = 2,
    PASS_AUDIO_SOURCES = 3,
    PASS_PATCH_SOURCES = 4,
    PASS_SPEECH_SOURCES = 5,
    PASS_VOICE_ROWS = 6,
    PASS_JOBS = 7,
    PASS_ENTRIES = 8,
    PASS_SAMPLING = 9, /* 0 in a teacher-forced pass */
    PASS_COUNTS = 16
};

/* One column: so many words of 4 bytes for each of what a count counts. */
struct PassColumn {
    const int32_t *from;
    int32_t *to;
    int32_t count, words;
};

/* Per entry: where the session's state and page tables are. */
struct PassSessions {
    const int64_t *state;
    int64_t *local_pages, *global_pages; /* in: addresses in pinned memory; out: in `tables` */
    int64_t *tables;                     /* [entries, locals + globals] */
    int64_t state_bytes;                 /* a multiple of 4 */
    int32_t locals, globals;             /* pages of a session */
};

/* grid (columns, pieces), block 256 */
KERNEL tactus_pass_gather(const int32_t *counts, int32_t *header, const PassColumn *columns) {
    const PassColumn column = columns[blockIdx.x];
    const int words = counts[column.count] * column.words;
    const int stride = (int)(gridDim.y * blockDim.x);
    for (int i = (int)(blockIdx.y * blockDim.x + threadIdx.x); i < words; i += stride) {
        column.to[i] = column.from[i];
    }
    if (blockIdx.x == 0 && blockIdx.y == 0 && threadIdx.x < PASS_COUNTS) {
        header[threadIdx.x] = counts[threadIdx.x];
    }
}
EXPORT_KERNEL(tactus_pass_gather)

/* A table of pages, from where the host wrote it. */
DEVICE void pass_copy_pages(const int64_t *from, int64_t *to, int pages) {
    for (int i = (int)threadIdx.x; i < pages; i += (int)blockDim.x) {
        to[i] = from[i];
    }
}

/* grid (most segments), block 256: a session whose first row is at position 0 begins with zeroed carries. */
KERNEL tactus_pass_begin(PassSessions sessions, const int32_t *entry, const int32_t *first_row,
                         const int64_t *position, const int32_t *segments) {
    const int s = (int)blockIdx.x;
    if (s >= *segments) {
        return;
    }
    const int e = entry[s];
    const int64_t *local = reinterpret_cast<const int64_t *>(sessions.local_pages[e]);
    const int64_t *global = reinterpret_cast<const int64_t *>(sessions.global_pages[e]);
    int64_t *table = sessions.tables + (int64_t)e * (sessions.locals + sessions.globals);
    pass_copy_pages(local, table, sessions.locals);
    pass_copy_pages(global, table + sessions.locals, sessions.globals);
    if (position[first_row[s]] == 0) {
        int32_t *state = reinterpret_cast<int32_t *>(sessions.state[e]);
        for (int64_t i = threadIdx.x; i < sessions.state_bytes / 4; i += blockDim.x) {
            state[i] = 0;
        }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        sessions.local_pages[e] = reinterpret_cast<int64_t>(table);
        sessions.global_pages[e] = reinterpret_cast<int64_t>(table + sessions.locals);
    }
}
EXPORT_KERNEL(tactus_pass_begin)

#endif
