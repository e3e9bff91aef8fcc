/*
 * Stands before a CUDA driver and marks in the stream where graphs begin and end, so that a bench can say how long the
 * GPU was idle inside a tick without a line in the engine. Everything but two functions is the driver's own: this
 * library is linked with it, and who looks a symbol up here finds the driver's.
 *
 *   cc -shared -fPIC -O1 -o libtactus-trace.so trace.c -Wl,--no-as-needed DRIVER -Wl,-rpath,FOLDER_OF_DRIVER -ldl
 *
 * Used as -Dtactus.cuda.library=/path/libtactus-trace.so. Off until tactus_trace_start; then two events a launch, about
 * a microsecond each. One thread at a time launches, as the engine has it; start and read are called while no thread
 * does, read with a context current.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

enum { MOST = 1 << 16, GRAPHS = 1 << 10 };

static void *begins[MOST], *ends[MOST], *launched[MOST];
static void *graphs[GRAPHS];
static size_t nodes[GRAPHS];
static int created, used, known, running;

static int (*real_launch)(void *, void *);
static int (*real_instantiate)(void **, void *, unsigned long long);
static int (*create)(void **, unsigned);
static int (*record)(void *, void *);
static int (*elapsed)(float *, void *, void *);
static int (*get_nodes)(void *, void *, size_t *);

static void find(void) {
    if (real_launch == NULL) {
        *(void **)&real_instantiate = dlsym(RTLD_NEXT, "cuGraphInstantiateWithFlags");
        *(void **)&create = dlsym(RTLD_NEXT, "cuEventCreate");
        *(void **)&record = dlsym(RTLD_NEXT, "cuEventRecord");
        *(void **)&elapsed = dlsym(RTLD_NEXT, "cuEventElapsedTime_v2");
        if (elapsed == NULL) {
            *(void **)&elapsed = dlsym(RTLD_NEXT, "cuEventElapsedTime");
        }
        *(void **)&get_nodes = dlsym(RTLD_NEXT, "cuGraphGetNodes");
        *(void **)&real_launch = dlsym(RTLD_NEXT, "cuGraphLaunch");
    }
}

int cuGraphInstantiateWithFlags(void **exec, void *graph, unsigned long long flags) {
    find();
    int result = real_instantiate(exec, graph, flags);
    size_t count = 0;
    if (result == 0 && get_nodes(graph, NULL, &count) == 0) {
        /* a driver may give the handle of a graph that was destroyed to a later one */
        for (int i = 0; i < known; i++) {
            if (graphs[i] == *exec) {
                nodes[i] = count;
                return result;
            }
        }
        if (known < GRAPHS) {
            graphs[known] = *exec;
            nodes[known++] = count;
        }
    }
    return result;
}

int cuGraphLaunch(void *exec, void *stream) {
    find();
    int at = used;
    if (!running || at == MOST) {
        return real_launch(exec, stream);
    }
    if (at == created) {
        if (create(&begins[at], 0) != 0 || create(&ends[at], 0) != 0) {
            running = 0;
            return real_launch(exec, stream);
        }
        created++;
    }
    record(begins[at], stream);
    int result = real_launch(exec, stream);
    record(ends[at], stream);
    launched[at] = exec;
    used++;
    return result;
}

/* Forgets what was marked, and marks from now on. */
void tactus_trace_start(void) {
    used = 0;
    running = 1;
}

/* Ends it; how many launches were marked. */
int tactus_trace_stop(void) {
    running = 0;
    return used;
}

/* Launch `at`: its graph, that graph's nodes, and milliseconds from the begin of launch `from` to its begin and end. */
int tactus_trace_read(int from, int at, long long *graph, long long *count, float *begin, float *end) {
    if (from < 0 || at < from || at >= used) {
        return 1;
    }
    *graph = (long long)(size_t)launched[at];
    *count = 0;
    for (int i = 0; i < known; i++) {
        if (graphs[i] == launched[at]) {
            *count = (long long)nodes[i];
        }
    }
    *begin = 0;
    int result = at == from ? 0 : elapsed(begin, begins[from], begins[at]);
    return result != 0 ? result : elapsed(end, begins[from], ends[at]);
}
