import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFiles
import EmotionFormerModelFormat

/// Plans whose outputs include attention weights. Each is compiled when it is first used.
///
/// A model read from a file keeps no second copy of its weights: the file is read again, and must hold the bytes that
/// it held when the model was loaded.
final class AttentionPlans: Sendable {
    /// Where a plan's weights come from.
    enum Source: Sendable {
        case contents(ModelPackage)
        case file(path: String, signature: String?)
    }

    struct Entry: Sendable {
        let rows: Int
        let plan: Plan
        /// The layers whose weights are the outputs after the first.
        let layers: [AttentionWeights]
    }

    private let source: Source
    /// Of the file that the model was loaded from: the version if it is known, otherwise the checksum must be the same.
    private let version: FileVersion?
    private let checksum: UInt64?
    private let frames: Int?
    private let options: PlanOptions
    /// In the order in which they were made.
    private let entries = Lock<[Entry]>([])
    private static let limit = 4

    /// - Parameter contents: the package that the model was made from.
    init(_ source: Source, of contents: borrowing ModelPackage, options: PlanOptions) {
        self.source = source
        self.options = options
        version = contents.sourceVersion
        checksum = contents.sourceChecksum
        frames = contents.clip?.frames
    }

    /// The plan for this number of rows of features.
    /// - Throws: like reading and compiling the model; `checksumMismatch` if its file has changed since.
    func entry(rows: Int) throws(Fault) -> Entry {
        let found = entries.withLock { entries -> Entry? in
            guard let index = entries.firstIndex(where: { $0.rows == rows }) else { return nil }
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry
        }
        if let found { return found }
        let contents = try contents()
        var program = contents.program
        if !program.graphs.isEmpty { program.graphs[0].outputs = contents.outputs.prefix(1).map(\.value) }
        let shape = try contents.clipShape(rows: rows)
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
        case .file(let path, let signature):
            // Without its assets, which affect nothing in the graph but its number of frames.
            let contents = try ModelFile.read(
                path, signature: signature, frames: frames, includingSelfTest: false, isChecksummed: version == nil,
                limits: options.limits)
            let isSame = version.map { contents.sourceVersion == $0 } ?? (contents.sourceChecksum == checksum)
            guard isSame else {
                throw Fault(
                    .checksumMismatch, at: path, "the model's file has changed since it was loaded",
                    expected: "the file that predictions are made with; load the model again")
            }
            return contents
        }
    }
}
