import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerKernels

/// The result of a benchmark, as text or JSON.
struct BenchmarkReport {
    let samples: [Double]
    let peak: BenchmarkPeak
    let load: Duration
    /// Of the process after loading and measuring, before --profile and --kernels.
    let peakResidentBytes: Int
    let subject: BenchmarkSubject
    let steps: [(step: Plan.StepSummary, milliseconds: Double)]
    let kernels: BenchmarkKernels?

    private var quantiles: Quantiles { Quantiles(samples) }
    private var clipsPerSecond: Double { Double(subject.batch) * 1000 / quantiles.median }
    /// The fraction of the peak of the threads that were used; int8 products count like float32 ones.
    private var shareOfPeak: Double { gigaFLOPsPerSecond / peak.gigaFLOPsPerSecond }
    private var gigaFLOPsPerSecond: Double { clipsPerSecond * Double(subject.floatingPointOperations) * 1e-9 }

    var json: String {
        var fields: [(String, String)] = [
            ("medianMilliseconds", "\(quantiles.median)"), ("p10Milliseconds", "\(quantiles[0.1])"),
            ("p90Milliseconds", "\(quantiles[0.9])"), ("p99Milliseconds", "\(quantiles[0.99])"),
            ("minimumMilliseconds", "\(quantiles.minimum)"), ("clipsPerSecond", "\(clipsPerSecond)"),
            ("gigaFLOPsPerSecond", "\(gigaFLOPsPerSecond)"),
            ("peakGigaFLOPsPerSecond", "\(peak.gigaFLOPsPerSecond)"), ("shareOfPeak", "\(shareOfPeak)"),
            ("loadMilliseconds", "\(load.milliseconds)"),
            ("peakResidentBytes", "\(peakResidentBytes)"), ("threads", "\(subject.threads)"),
            ("batch", "\(subject.batch)"), ("frames", "\(subject.frames)"),
            ("instructionSet", PrintedText.quotedInJSON(subject.plan.options.instructionSet.rawValue)),
            ("processor", PrintedText.quotedInJSON(ProcessFacts.processor)), ("samples", "\(samples.count)"),
        ]
        if !steps.isEmpty {
            let rows = steps.map {
                "{\"name\": \(PrintedText.quotedInJSON($0.step.name)), \"step\": \(PrintedText.quotedInJSON($0.step.label)), "
                    + "\"milliseconds\": \($0.milliseconds)}"
            }
            fields.append(("steps", "[\(rows.joined(separator: ", "))]"))
        }
        if let kernels {
            let rows = kernels.rows.map { row in
                var parts = [
                    ("kernel", PrintedText.quotedInJSON(row.label)), ("uses", "\(row.uses)"),
                    ("milliseconds", "\(row.milliseconds)"),
                    ("floatingPointOperations", "\(row.floatingPointOperations)"),
                ]
                if let blas = row.blasMilliseconds { parts.append(("blasMilliseconds", "\(blas)")) }
                if let peak = row.peakMilliseconds { parts.append(("peakMilliseconds", "\(peak)")) }
                parts.append(("part", PrintedText.quotedInJSON(row.part.rawValue)))
                parts.append(("levels", object(inLevels(kernels.levels) { row.levelMilliseconds[$0] })))
                return object(parts)
            }
            fields.append(("kernels", "[\(rows.joined(separator: ", "))]"))
            let parts = KernelPart.allCases.filter { kernels.fastest($0) != nil }
            fields.append(
                (
                    "parts",
                    object(
                        parts.map { part in
                            (
                                part.rawValue,
                                object(inLevels(kernels.levels) { kernels.milliseconds(part, $0) })
                            )
                        })
                ))
            fields.append(("predictionMilliseconds", "\(kernels.predictionMilliseconds)"))
            // A model without matrix products has no such ratio.
            if kernels.blasMilliseconds > 0 {
                fields.append(("blasMilliseconds", "\(kernels.blasMilliseconds)"))
                fields.append(("peakMilliseconds", "\(kernels.peakMilliseconds)"))
                fields.append(("predictionAgainstBLAS", "\(kernels.predictionAgainstBLAS)"))
                fields.append(("predictionAgainstPeak", "\(kernels.predictionAgainstPeak)"))
            }
        }
        return object(fields) + "\n"
    }

    private func inLevels(
        _ levels: [InstructionSet], _ milliseconds: (InstructionSet) -> Double?
    ) -> [(String, String)] {
        levels.compactMap { level in milliseconds(level).map { (level.rawValue, "\($0)") } }
    }

    private func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    var lines: [String] {
        let latency = [
            ("minimum", quantiles.minimum), ("p10", quantiles[0.1]), ("median", quantiles.median),
            ("p90", quantiles[0.9]),
            ("p99", quantiles[0.99]),
        ].map { "\($0.0) \(rounded($0.1))" }
        var lines = [
            "model            \(subject.name), \(subject.frames) frames",
            "processor        \(ProcessFacts.processor), \(subject.plan.options.instructionSet.rawValue) kernels",
            "threads, batch   \(subject.threads), \(subject.batch)",
            "latency in ms    \(latency.joined(separator: ", ")) (\(samples.count) runs)",
            "throughput       \(rounded(clipsPerSecond)) clips/s, \(rounded(gigaFLOPsPerSecond)) GFLOP/s of matrix products",
            "of the peak      \(rounded(100 * shareOfPeak)) % of \(rounded(peak.gigaFLOPsPerSecond)) GFLOP/s in float32, measured in turn",
            "load             \(rounded(load.milliseconds)) ms, first prediction included",
            "peak memory      \(rounded(Double(peakResidentBytes) / 1_048_576)) MiB",
        ]
        if !steps.isEmpty { lines += [""] + profileLines }
        if let kernels { lines += [""] + kernelLines(kernels) }
        return lines
    }

    private var profileLines: [String] {
        let total = steps.map(\.milliseconds).reduce(0, +)
        var table = TextTable(["ms", "%", "GFLOP/s", "step", "node"], rightAligned: [0, 1, 2])
        for (step, milliseconds) in steps {
            let rate = Double(step.floatingPointOperations) * 1e-6 / milliseconds
            table.append([
                rounded(milliseconds), rounded(100 * milliseconds / total),
                step.floatingPointOperations == 0 ? "" : rounded(rate), step.label, step.name,
            ])
        }
        return table.lines + ["\(rounded(total)) ms in all, on one thread"]
    }

    private func kernelLines(_ kernels: BenchmarkKernels) -> [String] {
        var table = TextTable(
            ["uses", "ms", "GFLOP/s", "BLAS ms", "peak ms", "% of peak", "kernel"], rightAligned: [0, 1, 2, 3, 4, 5])
        for row in kernels.rows {
            let rate = Double(row.floatingPointOperations) * 1e-6 / row.milliseconds
            table.append([
                "\(row.uses)", rounded(row.milliseconds), row.floatingPointOperations == 0 ? "" : rounded(rate),
                row.blasMilliseconds.map(rounded) ?? "", row.peakMilliseconds.map(rounded) ?? "",
                row.peakMilliseconds.map { rounded(100 * $0 / row.milliseconds) } ?? "", row.label,
            ])
        }
        return table.lines + [
            "all kernels: \(rounded(kernels.stepMilliseconds)) ms; the matrix products alone: by BLAS "
                + "\(rounded(kernels.blasMilliseconds)) ms, at the peak of \(rounded(kernels.peakGigaFLOPsPerSecond)) GFLOP/s "
                + "\(rounded(kernels.peakMilliseconds)) ms",
            "a prediction: \(rounded(kernels.predictionMilliseconds)) ms, "
                + "\(rounded(kernels.predictionAgainstBLAS)) × its matrix products alone on BLAS, "
                + "\(rounded(kernels.predictionAgainstPeak)) × at the peak (one thread, measured in turn)",
        ] + levelLines(kernels)
    }

    /// The time of every kernel, and of each part of the kernels, at every level.
    private func levelLines(_ kernels: BenchmarkKernels) -> [String] {
        guard kernels.levels.count > 1 else { return [] }
        let names = kernels.levels.map { "\($0.rawValue) ms" }
        var table = TextTable(names + ["fastest", "kernel"], rightAligned: Set(names.indices))
        for row in kernels.rows {
            let times = row.levelMilliseconds
            let fastest = kernels.levels.filter { times[$0] != nil }.min { times[$0] ?? 0 < times[$1] ?? 0 }
            table.append(
                kernels.levels.map { times[$0].map(rounded) ?? "" } + [fastest?.rawValue ?? "", row.label])
        }
        for part in KernelPart.allCases {
            guard let fastest = kernels.fastest(part) else { continue }
            table.append(
                kernels.levels.map { kernels.milliseconds(part, $0).map(rounded) ?? "" }
                    + [fastest.rawValue, "all of the part \(part.rawValue)"])
        }
        return [""] + table.lines
    }

    /// About three significant digits.
    private func rounded(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let digits = value >= 100 ? 1.0 : value >= 10 ? 10.0 : value >= 1 ? 100.0 : 10000.0
        return "\((value * digits).rounded() / digits)"
    }
}
