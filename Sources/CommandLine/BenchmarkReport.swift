import EmotionFormer
import EmotionFormerEngine

/// What a benchmark found, as text or JSON.
struct BenchmarkReport {
    let samples: [Double]
    let load: Duration
    let subject: BenchmarkSubject
    let steps: [(step: Plan.StepSummary, milliseconds: Double)]
    let products: ProductComparison?

    private var quantiles: Quantiles { Quantiles(samples) }
    private var clipsPerSecond: Double { Double(subject.batch) * 1000 / quantiles.median }
    private var gigaFLOPsPerSecond: Double { clipsPerSecond * Double(subject.floatingPointOperations) * 1e-9 }

    var json: String {
        var fields: [(String, String)] = [
            ("medianMilliseconds", "\(quantiles.median)"), ("p10Milliseconds", "\(quantiles[0.1])"),
            ("p90Milliseconds", "\(quantiles[0.9])"), ("p99Milliseconds", "\(quantiles[0.99])"),
            ("minimumMilliseconds", "\(quantiles.minimum)"), ("clipsPerSecond", "\(clipsPerSecond)"),
            ("gigaFLOPsPerSecond", "\(gigaFLOPsPerSecond)"), ("loadMilliseconds", "\(load.milliseconds)"),
            ("peakResidentBytes", "\(ProcessFacts.peakResidentBytes)"), ("threads", "\(subject.threads)"),
            ("batch", "\(subject.batch)"), ("frames", "\(subject.frames)"),
            ("instructionSet", JSONText.quoted(subject.plan.options.instructionSet.rawValue)),
            ("processor", JSONText.quoted(ProcessFacts.processor)), ("samples", "\(samples.count)"),
        ]
        if !steps.isEmpty {
            let rows = steps.map {
                "{\"name\": \(JSONText.quoted($0.step.name)), \"step\": \(JSONText.quoted($0.step.label)), "
                    + "\"milliseconds\": \($0.milliseconds)}"
            }
            fields.append(("steps", "[\(rows.joined(separator: ", "))]"))
        }
        if let products {
            let rows = products.rows.map {
                "{\"count\": \($0.product.count * $0.uses), \"m\": \($0.product.m), \"k\": \($0.product.k), \"n\": \($0.product.n), "
                    + "\"milliseconds\": \($0.milliseconds), \"blasMilliseconds\": \($0.blasMilliseconds)}"
            }
            fields.append(("products", "[\(rows.joined(separator: ", "))]"))
            fields.append(("predictionMilliseconds", "\(products.predictionMilliseconds)"))
            fields.append(("blasMilliseconds", "\(products.blasMilliseconds)"))
            fields.append(("predictionAgainstBLAS", "\(products.predictionAgainstBLAS)"))
        }
        return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}\n"
    }

    var text: String {
        let latency = [
            ("minimum", quantiles.minimum), ("p10", quantiles[0.1]), ("median", quantiles.median),
            ("p90", quantiles[0.9]),
            ("p99", quantiles[0.99]),
        ].map { "\($0.0) \(rounded($0.1))" }
        var lines = [
            "model            \(subject.model.name), \(subject.frames) frames",
            "processor        \(ProcessFacts.processor), \(subject.plan.options.instructionSet.rawValue) kernels",
            "threads, batch   \(subject.threads), \(subject.batch)",
            "latency in ms    \(latency.joined(separator: ", ")) (\(samples.count) runs)",
            "throughput       \(rounded(clipsPerSecond)) clips/s, \(rounded(gigaFLOPsPerSecond)) GFLOP/s of matrix products",
            "load             \(rounded(load.milliseconds)) ms, first prediction included",
            "peak memory      \(rounded(Double(ProcessFacts.peakResidentBytes) / 1_048_576)) MiB",
        ]
        if !steps.isEmpty { lines += [""] + profileLines }
        if let products { lines += [""] + productLines(products) }
        return lines.joined(separator: "\n") + "\n"
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

    private func productLines(_ products: ProductComparison) -> [String] {
        var table = TextTable(
            ["uses", "m × k × n", "ms", "GFLOP/s", "BLAS ms", "GFLOP/s"], rightAligned: [0, 2, 3, 4, 5])
        for row in products.rows {
            let work = Double(row.product.floatingPointOperations) * 1e-6
            table.append([
                "\(row.product.count * row.uses)", "\(row.product.m) × \(row.product.k) × \(row.product.n)",
                rounded(row.milliseconds), rounded(work / row.milliseconds), rounded(row.blasMilliseconds),
                rounded(work / row.blasMilliseconds),
            ])
        }
        return table.lines + [
            "all products: \(rounded(products.productMilliseconds)) ms, by BLAS alone \(rounded(products.blasMilliseconds)) ms",
            "a prediction: \(rounded(products.predictionMilliseconds)) ms, "
                + "\(rounded(products.predictionAgainstBLAS)) × its matrix products alone on BLAS (one thread, measured in turn)",
        ]
    }

    /// Three significant digits or so.
    private func rounded(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let digits = value >= 100 ? 1.0 : value >= 10 ? 10.0 : value >= 1 ? 100.0 : 10000.0
        return "\((value * digits).rounded() / digits)"
    }
}
