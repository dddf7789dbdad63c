import EmotionFormerEngine
import EmotionFormerModelFormat
import EmotionFormerTensors
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#else
    import Glibc
#endif

/// Plans that give attention weights beside the probabilities, made when somebody first asks.
///
/// A model read from a file keeps no second copy of its weights: the file is read again.
final class AttentionPlans: Sendable {
    /// Where a plan's weights come from.
    enum Source: Sendable {
        case contents(ModelPackage)
        case file(path: String, assets: String?)
    }

    struct Entry: Sendable {
        let rows: Int
        let plan: Plan
        /// What the outputs behind the first are.
        let layers: [AttentionWeights]
    }

    private let source: Source
    private let version: FileVersion?
    private let options: PlanOptions
    /// The one used last at the end.
    private let entries = Mutex<[Entry]>([])
    private static let limit = 4

    init(_ source: Source, options: PlanOptions) {
        self.source = source
        self.options = options
        if case .file(let path, _) = source { version = FileVersion(path) } else { version = nil }
    }

    /// The plan for so many rows of features.
    /// - Throws: like reading and compiling the model; `checksumMismatch` if its file has changed since.
    func entry(rows: Int) throws(Fault) -> Entry {
        if let found = entries.withLock({ $0.first { $0.rows == rows } }) { return found }
        let contents = try contents()
        var program = contents.program
        if !program.graphs.isEmpty { program.graphs[0].outputs = [contents.outputs.probabilities] }
        let shape = try Shape([1, rows, contents.input.features])
        var graph = try Plan.graph(program, inputShapes: [shape], options: options)
        let layers = try graph.exposeAttention()
        let entry = Entry(rows: rows, plan: try Plan(graph, options: options), layers: layers)
        entries.withLock { entries in
            entries.append(entry)
            if entries.count > AttentionPlans.limit { entries.removeFirst() }
        }
        return entry
    }

    private func contents() throws(Fault) -> ModelPackage {
        switch source {
        case .contents(let contents): return contents
        case .file(let path, let assets):
            let contents = try ModelFile.read(path, assets: assets, includingSelfTest: false)
            guard version == FileVersion(path) else {
                throw Fault(
                    .checksumMismatch, at: path, "the model's file has changed since it was loaded",
                    expected: "the file that predictions are made with; load the model again")
            }
            return contents
        }
    }
}

/// What changes when a file, or a package's manifest, is written anew.
private struct FileVersion: Equatable, Sendable {
    private let device: UInt64
    private let file: UInt64
    private let byteCount: Int64
    private let seconds: Int64
    private let nanoseconds: Int64

    /// nil if nothing stands at the path.
    init?(_ path: String) {
        var status = stat()
        guard stat("\(path)/manifest.json", &status) == 0 || stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        file = UInt64(truncatingIfNeeded: status.st_ino)
        byteCount = Int64(status.st_size)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        seconds = Int64(time.tv_sec)
        nanoseconds = Int64(time.tv_nsec)
    }
}
