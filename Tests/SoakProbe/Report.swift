import EmotionFormerFiles
import EmotionFormerModelFormat
import Foundation

/// What a part found.
struct Result {
    let part: Part
    let work: String
    let unit: String
    let count: Int
    let differences: Int
    let seconds: Double
    let samples: [Watch.Sample]

    private var settled: [Watch.Sample] { samples.filter { $0.done >= 0.1 } }

    /// The most memory after the first tenth, less what there was at its end. nil where memory is not watched.
    var growth: Int? {
        guard let first = settled.first, first.bytes > 0 else { return nil }
        return max(0, (settled.map(\.bytes).max() ?? 0) - first.bytes)
    }

    var isPassed: Bool { differences == 0 && growth ?? 0 <= SoakProbe.allowedGrowth }

    /// A line for the table, and one with the memory after each tenth.
    var text: String {
        let rate = Double(count) / max(seconds, 1e-9)
        var lines = [
            part.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
                + "\(count) \(unit) in \(String(format: "%.1f", seconds)) s (\(Int(rate)) a second), "
                + "\(differences) differ: \(isPassed ? "passed" : "FAILED")", "         \(work)",
        ]
        if let growth {
            let curve = (1...10).compactMap { tenth in samples.last { $0.done <= Double(tenth) / 10 + 1e-9 } }
            lines.append(
                "         MiB after each tenth: " + curve.map { Report.mebibytes($0.bytes) }.joined(separator: " ")
                    + "; growth after the first: " + Report.mebibytes(growth))
        }
        return lines.joined(separator: "\n")
    }
}

enum Report {
    /// A line on standard output, seen at once also in a pipe.
    static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    static func mebibytes(_ bytes: Int) -> String { String(format: "%.2f", Double(bytes) / 1_048_576) }

    /// The processor's name, and how many there are.
    static var processor: String {
        var name = "unknown processor"
        #if os(Linux)
            if let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") })
            {
                name = line.drop { $0 != ":" }.dropFirst().split(separator: " ").joined(separator: " ")
            }
        #endif
        return "\(name), \(ProcessInfo.processInfo.activeProcessorCount) processors"
    }

    static func json(_ results: [Result], scale: Double) -> JSONValue {
        .object([
            .init("processor", .string(processor)), .init("scale", .number(scale)),
            .init("allowedGrowthBytes", .integer(SoakProbe.allowedGrowth)),
            .init(
                "parts",
                .array(
                    results.map { result in
                        .object([
                            .init("part", .string(result.part.rawValue)), .init("work", .string(result.work)),
                            .init("count", .integer(result.count)), .init("unit", .string(result.unit)),
                            .init("differences", .integer(result.differences)),
                            .init("seconds", .number(result.seconds)),
                            .init("growthBytes", result.growth.map { .integer($0) } ?? .null),
                            .init("isPassed", .boolean(result.isPassed)),
                            .init(
                                "memory",
                                .array(
                                    result.samples.map {
                                        .object([
                                            .init("done", .number($0.done)), .init("bytes", .integer($0.bytes)),
                                        ])
                                    })),
                        ])
                    })),
        ])
    }
}
