package dev.tactus.app.doctor;

import dev.tactus.engine.device.cuda.GpuProbe;
import java.util.List;

/** Whether the engine can compute on a GPU here, asked through the driver itself. */
public final class GpuCheck {
    private GpuCheck() {}

    /** The driver, its GPUs and their view of host memory, or why there is none; never an error, the CPU is there. */
    public static List<Finding> findings() {
        return GpuProbe.look().stream().map(GpuCheck::finding).toList();
    }

    static Finding finding(final GpuProbe.Line line) {
        return line.usable()
                ? Finding.ok(line.subject(), line.text())
                : Finding.note(line.subject(), line.text(), line.remedy() + "; until then tactus runs on the CPU only");
    }
}
