/*
 * What comes between two passes: tokens are taken, sessions move on, and the rows of the next pass are written. With
 * it a decode pass is a graph that is launched again and again; the host only reads how many rows are left.
 *
 * struct Generate is handed by value to every kernel that draws, speaks or moves on. It holds addresses and a few
 * numbers, each 8 bytes wide, written once, when graphs are captured, in the order of its fields;
 * dev.tactus.kernel.cuda.GenerateField has the same names in the same order. Four groups:
 *
 *   plan    per entry of the tick's plan, in device memory (tactus_pass_gather brings it there); read only
 *   stand   per entry, how far its output is; device memory, written by tactus_generate_begin, then by tactus_advance
 *   rows    the pass: counts in `header` (enum pass_count) and columns as PassRows has them; tactus_advance writes
 *           those of the next pass over those of the last, compacted, entries rising: segment s is row s
 *   out     what TickOutput is filled with, in pinned memory; written by tactus_advance
 *
 * machine holds START .. END of OutputMachine, and COMPLETE for an entry of which nothing more comes in this tick.
 *
 * A session moves on as dev.tactus.engine.device.cpu.Generation has it:
 *
 *   pass     n         n+1        n+2      n+3      n+4      n+5
 *   row      draws     <say>      block 0  block 1  block 2
 *   makes    <say>     block 0    block 1  block 2  block 3
 *   sound of                      block 0  block 1  block 2  block 3
 *
 * tactus_generate_begin   grid 1, block 256    after the gather of a tick: every entry at the start of its output
 * tactus_advance          grid 1, block 256    the last kernel of a pass, after the vocoder's
 *     moves   about 200 bytes per entry of the plan, and 4 bytes per pinned word that changes
 *     floor   two round trips to device memory and one posted write over the bus, 3 us
 *
 * out_next, int32 [4]: rows of the next pass, its jobs, its voice rows, and how many passes of the tick are over. The
 * last word is written behind a fence of the whole system, after everything else in pinned memory: who sees it change
 * may read the rest. Rows, jobs 0, 0: the tick is done. Jobs alone: only the vocoder has something to do.
 *
 * What differs from the CPU: the noise of a block is made by tactus_flow_noise where the flow head works, not put
 * into the block's place; numbers that are not finite are looked for by tactus_flow_end; log-probabilities come from
 * tactus_log_probability. The bits are the same.
 */
#ifndef TACTUS_GENERATE_CUH
#define TACTUS_GENERATE_CUH

#include "exact.cuh"
#include "pass.cuh"
#include "scan.cuh"

enum {
    GENERATE_THREADS = 256,
    GENERATE_TOKEN = 0,  /* RowKind */
    GENERATE_SPEECH = 3,
    GENERATE_BLOCK = -2, /* TickOutput.BLOCK */
    GENERATE_NOT_FINITE = 1,
    GENERATE_SAY_BLOCKS = 4,
    GENERATE_FREE = 0,
    GENERATE_MUTED = 1,
    GENERATE_HELD = 2,
    GENERATE_DISCARDED = 2,    /* held_back: 0 nothing, 1 held back, 2 to be thrown away */
    GENERATE_BLOCK_SAMPLES = 800,
    GENERATE_FLUSH_BLOCKS = 2,
    GENERATE_POLICIES = 3,
    GENERATE_PASSES = 10 /* count of a pass's header: passes of the tick that are over */
};

/* Where a session stands: OutputMachine's states, and one for a session whose output is whole. */
enum generate_machine { MACHINE_START, MACHINE_HEAR, MACHINE_SPEAK, MACHINE_SAY, MACHINE_END, MACHINE_COMPLETE };

/* out_status of an entry. */
enum generate_status { STATUS_GENERATING, STATUS_SPEAKING, STATUS_COMPLETE };

struct Generate {
    /* plan */
    const int64_t *state, *tick, *seed;
    const int32_t *policy, *talking, *text_budget, *held_back, *log_probabilities, *adapter;
    const int64_t *blocks, *samples, *script;
    const int32_t *script_length;
    const float *temperature, *top_p;
    const int32_t *top_k;
    const float *output_tau; /* [entries, max_outputs] */
    /* stand */
    int32_t *machine, *text_used, *blocks_made, *outputs;
    int64_t *next_position;
    int32_t *draws, *makes; /* its output row and its voice row in the pass at work; negative: none */
    /* rows */
    int32_t *header;
    int32_t *kind, *value;
    int64_t *position;
    float *tau;
    int32_t *output_row, *voice_row, *row_entry, *row_adapter;
    int32_t *entry, *first_row, *rows_of_segment;
    int32_t *output_entry, *output_adapter;
    int64_t *speech_block, *voice_block;
    int32_t *voice_entry, *job_entry;
    int64_t *job_block, *job_samples;
    /* out, pinned: per entry, and [entries, max_outputs] for token, drawn_in and log_probability */
    int32_t *out_count, *out_error, *out_samples, *out_status;
    int32_t *out_token, *out_drawn_in;
    float *out_log_probability;
    int32_t *out_next;
    /* numbers, and what other kernels of the pass leave */
    int64_t max_outputs, vocabulary, quiet, hear, speak, say;
    int64_t block;               /* elements of a block of speech; 0: the model does not speak */
    const int64_t *masks;        /* OutputMachine's, [states * 2 * 2 * policies, mask_words] */
    int64_t mask_words;
    int32_t *sampled;            /* per output row: a token, or negative for a failure */
    float *sampled_log;          /* per output row: its log-probability, where it is wanted */
    int32_t *voice_finite;       /* per voice row: whether its block is made of numbers */
};

/* ---- the output machine ---- */

/* OutputMachine.next. */
DEVICE int generate_next_machine(const Generate &g, int machine, int64_t id) {
    return id == g.quiet   ? MACHINE_END
           : id == g.hear  ? MACHINE_HEAR
           : id == g.speak ? MACHINE_SPEAK
           : id == g.say   ? MACHINE_SAY
                           : machine;
}

/* What an entry may draw next: one id, or those of a mask. */
struct GenerateMask {
    int64_t forced; /* negative: none */
    const uint64_t *words;
};

/* The next id of an entry's script; what holds or mutes a session does so whatever its script says. */
DEVICE int64_t generate_scripted(const Generate &g, int entry) {
    const int32_t *script = reinterpret_cast<const int32_t *>(g.script[entry]);
    const int at = g.outputs[entry];
    const int64_t id = at < g.script_length[entry] ? script[at] : g.quiet;
    const int after = generate_next_machine(g, MACHINE_START, id);
    const bool aloud = after == MACHINE_SPEAK || after == MACHINE_SAY;
    const int policy = g.policy[entry];
    return policy == GENERATE_HELD || (policy == GENERATE_MUTED && aloud) ? g.quiet : id;
}

/* OutputMachine.mask, or the one id of a script. */
DEVICE GenerateMask generate_mask(const Generate &g, int entry) {
    if (g.script[entry] != 0) {
        return {generate_scripted(g, entry), nullptr};
    }
    const int spent = g.text_used[entry] >= g.text_budget[entry] ? 1 : 0, talking = g.talking[entry] != 0 ? 1 : 0;
    const int number = ((g.machine[entry] * 2 + talking) * 2 + spent) * GENERATE_POLICIES + g.policy[entry];
    return {-1, reinterpret_cast<const uint64_t *>(g.masks) + number * g.mask_words};
}

DEVICE bool generate_allows(const GenerateMask &mask, int64_t id) {
    return mask.forced >= 0 ? id == mask.forced : (mask.words[id >> 6] >> (id & 63) & 1) != 0;
}

/* ---- the step of an entry ---- */

/* What an entry has in the next pass. */
struct GenerateNext {
    bool row, output, speech, voice, job;
    int value;
    int64_t position;
    float tau;
    int64_t taken, made, sound, samples; /* addresses: block taken in, place of the block made, job */
};

/* Where block `block` of a tick stands: two places are used in turn. */
DEVICE int64_t generate_place(const Generate &g, int entry, int block) {
    return g.blocks[entry] + (block & 1) * g.block * (int64_t)sizeof(float);
}

DEVICE void generate_complete(const Generate &g, int entry) {
    g.machine[entry] = MACHINE_COMPLETE;
    g.out_status[entry] = STATUS_COMPLETE;
}

DEVICE void generate_fail(const Generate &g, int entry) {
    g.out_error[entry] = GENERATE_NOT_FINITE;
    generate_complete(g, entry);
}

/* Adds an output position; how many there were before it. */
DEVICE int generate_add(const Generate &g, int entry, int token, int drawn_in, float log_probability) {
    const int n = g.outputs[entry];
    if (n < g.max_outputs) {
        const int64_t at = entry * g.max_outputs + n;
        g.out_token[at] = token;
        g.out_drawn_in[at] = drawn_in;
        if (g.log_probabilities[entry] != 0) {
            g.out_log_probability[at] = log_probability;
        }
    }
    g.outputs[entry] = n + 1;
    g.out_count[entry] = n + 1;
    return n;
}

/* Feeds a position to the next pass. */
DEVICE void generate_feed(const Generate &g, int entry, int value, int output, GenerateNext *next) {
    next->row = true;
    next->value = value;
    next->position = g.next_position[entry];
    next->tau = g.output_tau[entry * g.max_outputs + output];
    g.next_position[entry] = next->position + 1;
}

DEVICE void generate_job(const Generate &g, int entry, int64_t block, int64_t first_sample, GenerateNext *next) {
    next->job = true;
    next->sound = block;
    next->samples = g.samples[entry] + first_sample * (int64_t)sizeof(float);
}

/* A token was drawn: it is fed back, or the vocoder says what it holds back, or the entry ends. */
DEVICE void generate_take(const Generate &g, int entry, int id, float log_probability, GenerateNext *next) {
    if (id < 0) {
        generate_fail(g, entry);
        return;
    }
    const int before = g.machine[entry];
    const int n = generate_add(g, entry, id, before, log_probability);
    const int after = generate_next_machine(g, before, id), held_back = g.held_back[entry];
    g.text_used[entry] += after == before ? 1 : 0;
    g.machine[entry] = after;
    if (after == MACHINE_SAY) {
        g.out_status[entry] = STATUS_SPEAKING;
        if (held_back == GENERATE_DISCARDED) {
            /* the rest of what was cut must not sound into this; block 0 is written over it */
            generate_job(g, entry, 0, 0, next);
        }
        generate_feed(g, entry, id, n, next);
        next->voice = true;
        next->made = generate_place(g, entry, 0);
    } else if (after != MACHINE_END && n + 1 < g.max_outputs) {
        generate_feed(g, entry, id, n, next);
        next->output = true;
    } else if (held_back != 0) {
        g.out_status[entry] = STATUS_SPEAKING;
        generate_job(g, entry, 0, 0, next);
        g.out_samples[entry] =
            held_back == GENERATE_DISCARDED ? 0 : GENERATE_FLUSH_BLOCKS * GENERATE_BLOCK_SAMPLES;
    } else {
        generate_complete(g, entry);
    }
}

/* A block was made: it sounds, and the next one is made of it. */
DEVICE void generate_take_block(const Generate &g, int entry, bool finite, GenerateNext *next) {
    const int block = g.blocks_made[entry];
    if (!finite) {
        generate_fail(g, entry);
        return;
    }
    g.blocks_made[entry] = block + 1;
    const int n = generate_add(g, entry, GENERATE_BLOCK, MACHINE_SAY, 0.0f);
    generate_job(g, entry, generate_place(g, entry, block), (int64_t)block * GENERATE_BLOCK_SAMPLES, next);
    g.out_samples[entry] = (block + 1) * GENERATE_BLOCK_SAMPLES;
    if (block + 1 < GENERATE_SAY_BLOCKS) {
        generate_feed(g, entry, 0, n, next);
        next->speech = true;
        next->taken = next->sound;
        next->voice = true;
        next->made = generate_place(g, entry, block + 1);
    }
}

/* Moves an entry on by the pass that is over. */
DEVICE GenerateNext generate_step(const Generate &g, int entry) {
    GenerateNext next = {};
    const int draws = g.draws[entry], makes = g.makes[entry];
    if (g.machine[entry] == MACHINE_COMPLETE) {
        return next;
    }
    if (draws >= 0) {
        const bool wanted = g.log_probabilities[entry] != 0;
        generate_take(g, entry, g.sampled[draws], wanted ? g.sampled_log[draws] : 0.0f, &next);
    } else if (makes >= 0) {
        generate_take_block(g, entry, g.voice_finite[makes] != 0, &next);
    } else {
        generate_complete(g, entry); /* its last samples have sounded */
    }
    return next;
}

/* ---- the rows of the next pass ---- */

/* Numbers of an entry's row, output row, speech source, voice row and job; or how many of each there are. */
struct GenerateCounts {
    int row, output, speech, voice, job;
};

DEVICE uint64_t generate_packed(const GenerateNext &next) {
    return (uint64_t)next.row | (uint64_t)next.output << 12 | (uint64_t)next.speech << 24 |
           (uint64_t)next.voice << 36 | (uint64_t)next.job << 48;
}

DEVICE void generate_count(uint64_t packed, GenerateCounts *counts) {
    counts->row += (int)(packed & 0xfff);
    counts->output += (int)(packed >> 12 & 0xfff);
    counts->speech += (int)(packed >> 24 & 0xfff);
    counts->voice += (int)(packed >> 36 & 0xfff);
    counts->job += (int)(packed >> 48 & 0xfff);
}

DEVICE void generate_write(const Generate &g, int entry, const GenerateNext &next, const GenerateCounts &at) {
    g.draws[entry] = next.output ? at.output : -1;
    g.makes[entry] = next.voice ? at.voice : -1;
    if (next.row) {
        g.kind[at.row] = next.speech ? GENERATE_SPEECH : GENERATE_TOKEN;
        g.value[at.row] = next.speech ? at.speech : next.value;
        g.position[at.row] = next.position;
        g.tau[at.row] = next.tau;
        g.output_row[at.row] = next.output ? at.output : -1;
        g.voice_row[at.row] = next.voice ? at.voice : -1;
        g.row_entry[at.row] = entry;
        g.row_adapter[at.row] = g.adapter[entry];
        g.entry[at.row] = entry;
        g.first_row[at.row] = at.row;
        g.rows_of_segment[at.row] = 1;
    }
    if (next.output) {
        g.output_entry[at.output] = entry;
        g.output_adapter[at.output] = g.adapter[entry];
    }
    if (next.speech) {
        g.speech_block[at.speech] = next.taken;
    }
    if (next.voice) {
        g.voice_block[at.voice] = next.made;
        g.voice_entry[at.voice] = entry;
    }
    if (next.job) {
        g.job_entry[at.job] = entry;
        g.job_block[at.job] = next.sound;
        g.job_samples[at.job] = next.samples;
    }
}

/* Tells the device and the host what the next pass has; everything else in pinned memory is written before. */
DEVICE void generate_publish(const Generate &g, const GenerateCounts &counts) {
    const int passes = g.header[GENERATE_PASSES] + 1;
    g.header[GENERATE_PASSES] = passes;
    if (g.header[PASS_SAMPLING] != 0) {
        g.header[PASS_ROWS] = counts.row;
        g.header[PASS_SEGMENTS] = counts.row;
        g.header[PASS_OUTPUT_ROWS] = counts.output;
        g.header[PASS_AUDIO_SOURCES] = 0;
        g.header[PASS_PATCH_SOURCES] = 0;
        g.header[PASS_SPEECH_SOURCES] = counts.speech;
        g.header[PASS_VOICE_ROWS] = counts.voice;
        g.header[PASS_JOBS] = counts.job;
    }
    g.out_next[0] = counts.row;
    g.out_next[1] = counts.job;
    g.out_next[2] = counts.voice;
    __threadfence_system();
    *const_cast<volatile int32_t *>(g.out_next + 3) = passes;
}

/* grid 1, block 256: every entry at the start of its output, and what the plan does not say of its rows. */
KERNEL __launch_bounds__(GENERATE_THREADS) tactus_generate_begin(Generate g) {
    for (int s = (int)threadIdx.x; s < g.header[PASS_SEGMENTS]; s += GENERATE_THREADS) {
        const int entry = g.entry[s], first = g.first_row[s], last = first + g.rows_of_segment[s] - 1;
        g.machine[entry] = MACHINE_START;
        g.text_used[entry] = 0;
        g.blocks_made[entry] = 0;
        g.outputs[entry] = 0;
        g.next_position[entry] = g.position[last] + 1;
        g.draws[entry] = g.output_row[last];
        g.makes[entry] = -1;
        g.out_count[entry] = 0;
        g.out_error[entry] = 0;
        g.out_samples[entry] = 0;
        g.out_status[entry] = STATUS_GENERATING;
        for (int row = first; row <= last; row++) {
            g.row_entry[row] = entry;
            g.row_adapter[row] = g.adapter[entry];
            if (g.output_row[row] >= 0) {
                g.output_entry[g.output_row[row]] = entry;
                g.output_adapter[g.output_row[row]] = g.adapter[entry];
            }
        }
    }
    if (threadIdx.x == 0) {
        g.header[GENERATE_PASSES] = 0;
    }
}
EXPORT_KERNEL(tactus_generate_begin)

/* grid 1, block 256: entries rising, 256 at a time. */
KERNEL __launch_bounds__(GENERATE_THREADS) tactus_advance(Generate g) {
    SHARED(Scan, scan);
    const int entries = g.header[PASS_ENTRIES];
    const bool sampling = g.header[PASS_SAMPLING] != 0;
    GenerateCounts all = {};
    for (int first = 0; first < entries; first += GENERATE_THREADS) {
        const int entry = first + (int)threadIdx.x;
        GenerateNext next = {};
        if (entry < entries && sampling) {
            next = generate_step(g, entry);
        } else if (entry < entries) {
            generate_complete(g, entry);
        }
        const ScanResult place = scan_block(&scan, generate_packed(next));
        if (entry < entries && sampling) {
            GenerateCounts at = all;
            generate_count(place.before, &at);
            generate_write(g, entry, next, at);
        }
        generate_count(place.total, &all);
    }
    __threadfence_system(); /* what this thread wrote in pinned memory */
    __syncthreads();
    if (threadIdx.x == 0) {
        generate_publish(g, all);
    }
}
EXPORT_KERNEL(tactus_advance)

#endif
