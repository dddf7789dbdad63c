import EmotionFormer
import EmotionFormerFiles
import EmotionFormerModelFormat
import Foundation

/// What `Tools/soak` runs: the load of a long-lived server, each result held against the one that a single thread
/// gives, and the memory that the process takes all the while.
///
/// Usage: EmotionFormerSoakProbe PROJECT [--part NAME]… [--scale SHARE] [--json FILE]
/// Exit codes: 0 all results are equal and memory is flat, 1 they are not, 64 wrong arguments.
@main
struct SoakProbe {
    /// Growth that is allowed after the first tenth of a part.
    static let allowedGrowth = 1 << 20

    static func main() async throws {
        let options: Options
        do {
            options = try Options(Array(CommandLine.arguments.dropFirst()))
        } catch let error as Options.Wrong {
            FileHandle.standardError.write(Data("EmotionFormerSoakProbe: \(error.message)\n".utf8))
            exit(64)
        }
        // Before the work, so that a place that cannot be written to is known at once.
        let output = try options.json.map { path in
            try OutputFile(path, what: "report of Tools/soak") {
                String(decoding: $0, as: UTF8.self).contains("\"allowedGrowthBytes\"")
            }
        }
        let load = Load(project: options.project, scale: options.scale)
        Report.write(Report.processor)
        var results: [Result] = []
        for part in options.parts {
            let result = try await part.run(load)
            Report.write(result.text)
            results.append(result)
        }
        if let output { try output.write(Array(Report.json(results, scale: options.scale).text().utf8)) }
        exit(results.allSatisfy(\.isPassed) ? 0 : 1)
    }
}

/// How much is done, and with which files.
struct Load: Sendable {
    let project: String
    let scale: Double

    /// So many at full scale; at least 20, of which two are the first tenth.
    func count(_ full: Int) -> Int { max(20, Int(Double(full) * scale)) }

    /// A small model: what is tested is the traffic, not the arithmetic.
    var smallModel: String { project + "/Tests/Fixtures/attention/blocks.package" }

    /// Every model among the fixtures that loads, and the bundled one, sorted by path.
    func models(atMost limit: Int) -> [String] {
        var paths = [project + "/Weights/EmotionFormer-Synthetic"]
        for folder in ["attention", "tflite", "roads"] {
            let path = project + "/Tests/Fixtures/" + folder
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            paths += names.sorted().filter { $0.hasSuffix(".package") || $0.hasSuffix(".tflite") }
                .map { path + "/" + $0 }
        }
        return Array(paths.filter { (try? EmotionModel(path: $0)) != nil }.prefix(limit))
    }
}

private struct Options {
    struct Wrong: Error { let message: String }

    var project = ""
    var parts: [Part] = []
    var scale = 1.0
    var json: String?

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--part":
                guard let part = rest.popFirst().flatMap(Part.init(rawValue:)) else {
                    throw Wrong(message: "--part takes one of \(Part.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                parts.append(part)
            case "--scale":
                guard let share = rest.popFirst().flatMap(Double.init), share > 0, share <= 100 else {
                    throw Wrong(message: "--scale takes a number over 0, at most 100")
                }
                scale = share
            case "--json":
                guard let path = rest.popFirst() else { throw Wrong(message: "--json takes a file's path") }
                json = path
            default:
                guard project.isEmpty, !argument.hasPrefix("-") else {
                    throw Wrong(message: "'\(argument)' is not understood")
                }
                project = argument
            }
        }
        guard !project.isEmpty else { throw Wrong(message: "the project's folder is missing") }
        if parts.isEmpty { parts = Part.allCases }
    }
}
