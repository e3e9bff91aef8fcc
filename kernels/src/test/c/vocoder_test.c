/*
 * Tests the vocoder on buffers that end where the sanitizer says: its transform against sums in double, that a session
 * hears nothing of scratch and neighbours, that bad numbers do no harm, and that a tone comes out as that tone. The
 * bits themselves are compared with Java's by CVocoderTest.
 */
#include "check.h"

#include "vocoder.h"

static const double PI = 3.14159265358979323846;

static double hann(int n) { return 0.5 - 0.5 * cos(2 * PI * n / VOC_WINDOW); }

static void put_turns(float (*turn)[6], int m) {
    for (int p = 0; p < m; p++) {
        for (int power = 1; power <= 3; power++) {
            turn[p][2 * power - 2] = (float)cos(2 * PI * p * power / (4 * m));
            turn[p][2 * power - 1] = (float)-sin(2 * PI * p * power / (4 * m));
        }
    }
}

static void put_windows(struct voc_tables *t) {
    for (int n = 0; n < VOC_WINDOW; n++) {
        t->analysis[n] = (float)(hann(n) / 2);
        t->synthesis[n] = (float)(hann(n) / VOC_WINDOW);
    }
    for (int i = 0; i < VOC_HOP; i++) {
        for (int e = 0; e < VOC_STRIP; e++) {
            double sum = 0;
            for (int k = e < 8 ? 0 : e < 10 ? e - 7 : 3; k < 4; k++) {
                sum += hann(i + VOC_HOP * k) * hann(i + VOC_HOP * k);
            }
            t->norm[i][e] = (float)(1 / (sum > 0.05 ? sum : 0.05));
        }
    }
}

/* Filters with corners at equal distances from 0 to 320 bins, of height 1/25: as good as mels for these tests. */
static void put_mels(struct voc_tables *t) {
    const double width = 320.0 / 81;
    t->first_bin[0] = 1;
    for (int q = 1; q <= VOC_MELS; q++) {
        t->first_bin[q] = (int)ceil(q * width);
        t->excitation[q - 1] = (float)(0.03 / (width / 25));
    }
    t->first_bin[VOC_MELS + 1] = VOC_HALF;
    for (int q = 0; q <= VOC_MELS; q++) {
        for (int k = t->first_bin[q]; k < t->first_bin[q + 1]; k++) {
            const double rising = q < VOC_MELS ? k / width - q : 0, falling = q > 0 ? 1 + q - k / width : 0;
            t->rising[k] = (float)(rising / 25);
            t->falling[k] = (float)(falling / 25);
            t->rising_share[k] = (float)(rising / (rising + falling));
            t->falling_share[k] = (float)(falling / (rising + falling));
        }
    }
}

static struct voc_tables *make_tables(void) {
    struct voc_tables *t = make_bytes(sizeof *t);
    put_windows(t);
    put_turns(t->turn1, 80);
    put_turns(t->turn2, 20);
    put_turns(t->turn3, 5);
    for (int k = 0; k < VOC_HALF / 2; k++) {
        t->split[k][0] = (float)cos(2 * PI * k / VOC_WINDOW);
        t->split[k][1] = (float)sin(2 * PI * k / VOC_WINDOW);
    }
    put_mels(t);
    for (int i = 0; i < VOC_NOISE_ROWS + VOC_BINS; i++) {
        const double turn = 2 * PI * (double)(next_bits() >> 11) * 0x1p-53;
        t->noise[i][0] = (float)cos(turn);
        t->noise[i][1] = (float)sin(turn);
    }
    return t;
}

static struct voc_state *make_state(void) {
    struct voc_state *kept = make_bytes(sizeof *kept);
    return memset(kept, 0, sizeof *kept);
}

/* Log mels at an address that is aligned to a float and no more. */
static float *make_log_mels(float low, float high) {
    float *x = make_floats(VOC_NEW * VOC_MELS + 1) + 1;
    for (int i = 0; i < VOC_NEW * VOC_MELS; i++) {
        x[i] = low + (high - low) * (float)below(1 << 20) * 0x1p-20f;
    }
    return x;
}

static void test_transform(void) {
    const struct voc_tables *t = make_tables();
    struct voc_scratch *w = make_scratch(sizeof *w);
    static double x[VOC_WINDOW];
    const int lane = below(VOC_LANES);
    for (int n = 0; n < VOC_WINDOW; n++) {
        v8 *at = (n & 1 ? w->time.im : w->time.re) + n / 2;
        *at = (v8){number(), number(), number(), number(), number(), number(), number(), number()};
        x[n] = (double)(*at)[lane];
    }
    voc_forward(t, w);
    for (int k = 1; k < VOC_HALF; k++) {
        double re = 0, im = 0;
        for (int n = 0; n < VOC_WINDOW; n++) {
            re += 2 * x[n] * cos(2 * PI * (k * n % VOC_WINDOW) / VOC_WINDOW);
            im -= 2 * x[n] * sin(2 * PI * (k * n % VOC_WINDOW) / VOC_WINDOW);
        }
        CHECK(fabs(re - (double)w->re[k][lane]) < 1e-3 && fabs(im - (double)w->im[k][lane]) < 1e-3,
              "bin %d of lane %d is %g %g, not %g %g", k, lane, (double)w->re[k][lane], (double)w->im[k][lane], re, im);
    }
}

/* Two sessions that share scratch full of NaN have the samples that each has with scratch of its own. */
static void test_sessions(void) {
    const struct voc_tables *t = make_tables();
    struct voc_scratch *shared = make_scratch(sizeof *shared), *own = make_scratch(sizeof *own);
    struct voc_state *kept[] = {make_state(), make_state()}, *alone[] = {make_state(), make_state()};
    for (int block = 0; block < 6; block++) {
        const int session = block & 1;
        const float *log_mel = make_log_mels(-13, 2);
        float *out = make_floats(VOC_NEW * VOC_HOP + 1) + 1, *expected = make_floats(VOC_NEW * VOC_HOP);
        memset(own, 0, sizeof *own);
        vocoder_block(t, alone[session], log_mel, expected, own);
        memset(shared, 0xff, block < 2 ? sizeof *shared : 0);
        vocoder_block(t, kept[session], log_mel, out, shared);
        check_same("samples", (uint64_t)block, expected, out, VOC_NEW * VOC_HOP);
        check_same("state", (uint64_t)block, alone[session], kept[session], sizeof *kept[0] / 4);
    }
}

static void test_bad_numbers(void) {
    const struct voc_tables *t = make_tables();
    struct voc_scratch *w = make_scratch(sizeof *w);
    struct voc_state *kept = make_state();
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-40f};
    for (int block = 0; block < 4; block++) {
        float *log_mel = make_log_mels(-13, 5), *out = make_floats(VOC_NEW * VOC_HOP);
        for (int i = 0; i < VOC_NEW * VOC_MELS; i += 1 + below(5)) {
            log_mel[i] = bad[below(7)];
        }
        vocoder_block(t, kept, log_mel, out, w);
        for (int i = 0; i < VOC_NEW * VOC_HOP; i++) {
            CHECK(out[i] >= -1 && out[i] <= 1, "sample %d of block %d is %g", i, block, (double)out[i]);
        }
    }
}

/* Frames of a steady tone come out as that tone, frames of silence as zeros. */
static void test_tone(void) {
    const struct voc_tables *t = make_tables();
    struct voc_scratch *w = make_scratch(sizeof *w);
    struct voc_state *kept = make_state();
    float *log_mel = make_log_mels(-12, -12), *out = make_floats(VOC_NEW * VOC_HOP);
    for (int block = 0; block < 2; block++) {
        vocoder_block(t, kept, log_mel, out, w);
        for (int i = 0; i < VOC_NEW * VOC_HOP; i++) {
            CHECK(out[i] == 0, "sample %d of silence is %g", i, (double)out[i]);
        }
    }
    /* amplitude 0.5 at bin 40: under a Hann window 80 there, 40 at its neighbours */
    const int bins[] = {39, 40, 41};
    for (int frame = 0; frame < VOC_NEW; frame++) {
        double mel[VOC_MELS + 2] = {0};
        for (int i = 0; i < 3; i++) {
            for (int q = 0; q <= VOC_MELS; q++) {
                if (bins[i] >= t->first_bin[q] && bins[i] < t->first_bin[q + 1]) {
                    mel[q + 1] += (double)t->rising[bins[i]] * (i == 1 ? 80 : 40);
                    mel[q] += (double)t->falling[bins[i]] * (i == 1 ? 80 : 40);
                }
            }
        }
        for (int m = 0; m < VOC_MELS; m++) {
            log_mel[frame * VOC_MELS + m] = (float)log(mel[m + 1] > 1e-5 ? mel[m + 1] : 1e-5);
        }
    }
    for (int block = 0; block < 3; block++) {
        vocoder_block(t, kept, log_mel, out, w);
    }
    double re = 0, im = 0, energy = 0;
    for (int i = 0; i < VOC_NEW * VOC_HOP; i++) {
        re += (double)out[i] * cos(2 * PI * 40 * i / VOC_WINDOW);
        im += (double)out[i] * sin(2 * PI * 40 * i / VOC_WINDOW);
        energy += (double)out[i] * (double)out[i];
    }
    const double amplitude = 2 * sqrt(re * re + im * im) / (VOC_NEW * VOC_HOP);
    const double rest = 1 - amplitude * amplitude / 2 * VOC_NEW * VOC_HOP / energy;
    CHECK(fabs(amplitude - 0.5) < 0.1, "the tone has amplitude %g", amplitude);
    CHECK(rest < 0.1, "%g of the energy is not the tone", rest);
}

int main(void) {
    void (*const tests[])(void) = {test_transform, test_sessions, test_bad_numbers, test_tone};
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        state = 41 + i;
        tests[i]();
        free_buffers();
    }
    return 0;
}
