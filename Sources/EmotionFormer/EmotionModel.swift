package import EmotionFormerCore
import EmotionFormerEngine
package import EmotionFormerModelFormat

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A model that is ready to predict. It is immutable, and any number of threads may use it at once.
///
/// ```swift
/// let model = try EmotionModel(contentsOf: url)
/// let prediction = try model.predict(LandmarkClip(contentsOf: npy))
/// print(prediction.label)
/// ```
public final class EmotionModel: Sendable {
    /// Options for running a model.
    public struct Options: Sendable, Hashable {
        /// The number of threads that one prediction may use, its caller's included.
        public var threads: Int
        /// The instruction set of the kernels. nil for the one that the environment variable `EMOTIONFORMER_KERNELS`
        /// names, or else the best that this machine supports.
        public var instructionSet: InstructionSet?

        /// Limits on the memory and work that the model's file may ask for.
        public var limits: ModelLimits
        /// How values are treated that are NaN in a frame that has others, for a model that does not say. nil for the
        /// model's own rule, which is to refuse such clips if it does not say.
        public var missingValue: ModelInput.MissingValue?

        public init(
            threads: Int = 1, instructionSet: InstructionSet? = nil, limits: ModelLimits = ModelLimits(),
            missingValue: ModelInput.MissingValue? = nil
        ) {
            self.threads = threads
            self.instructionSet = instructionSet
            self.limits = limits
            self.missingValue = missingValue
        }
    }

    /// The instruction sets that kernels are written for.
    public enum InstructionSet: String, Sendable, CaseIterable {
        case portable, avx2, avx512, neon, neonDotProduct

        /// The instruction sets that this machine supports, in ascending order.
        public static var available: [InstructionSet] {
            PlanOptions.availableInstructionSets.compactMap(InstructionSet.init(rawValue:))
        }
    }

    /// The model's name, license and citation, for people.
    public let name: String
    public let license: String?
    public let citation: String?
    /// Names of the numbers of the main output, in its order; `class0`, `class1`, … if the model has none, or `value0`,
    /// … if they are of no known kind.
    public let labels: [String]
    /// What the main output's numbers are.
    public var outputKind: OutputKind { form.kind }
    /// The name of the main output.
    public let outputName: String
    /// Whether the model gives one row of numbers for a clip.
    package var givesOneRow: Bool { !isPerFrame && plans.reading.rowCount == 1 }
    /// Whether the largest output names a clip's class: there are several for a clip, and they are of classes.
    public var namesLabels: Bool { form.choosesLabel }
    /// Whether the model gives a row for each of a clip's frames.
    public var isPerFrame: Bool { form.isPerFrame }
    /// The model's input, and how a clip becomes it.
    public let input: ModelInput
    public let options: Options

    /// What people wrote down about the model, as JSON; nil if nothing.
    public let metadata: String?

    /// What predictions that follow each other hand on, one to the next; empty for most models. `predict(_:)` of one clip
    /// starts anew, ``predict(_:concurrency:)`` and ``ClipSequence`` go on from clip to clip.
    public let variables: [Model.Variable]
    /// Whether the predictions of a sequence depend on those before.
    public var hasVariables: Bool { !variables.isEmpty }

    private let form: Prediction.Form
    let preparation: InputPreparation
    let plans: PlanCache
    let attentionPlans: AttentionPlans

    /// Reads a model package (a folder) or a TensorFlow Lite file, and compiles it.
    ///
    /// A TensorFlow Lite file does not describe its input: features are used without normalization, and labels are
    /// `class0`, `class1`, ….
    /// - Parameters:
    ///   - url: a file URL.
    ///   - signature: which entry point of a TensorFlow Lite file to read, by its name there. It may be nil for a file with
    ///     one, and for one whose `serving_default` is also what `invoke()` runs.
    ///   - options: threads, instruction set and limits.
    /// - Throws: what is wrong with the package, with file and field; `unsupportedProcessor` for an instruction set
    ///   that this machine lacks; `invalidArgument` if `options.threads` is less than 1, and, with the names that there
    ///   are, for a signature that the file lacks, or without one for a file that has several.
    public convenience init(
        contentsOf url: URL, signature: String? = nil, options: Options = Options()
    ) throws(EmotionFormerError) {
        try self.init(path: EmotionModel.path(of: url), signature: signature, options: options)
    }

    /// Reads and compiles a TensorFlow Lite file, with normalization and labels from its assets.
    /// - Parameters:
    ///   - url: a file URL.
    ///   - assets: a folder with `global_mean.npy`, `global_std.npy`, `label_encoder.pkl` and `metadata.json`, as
    ///     published models have it. Files are found by parts of their names (`mean`, `std`, `label`, `meta`). Each may
    ///     be missing, mean and standard deviation only together. Pickles are read as data: nothing in them is
    ///     executed.
    ///   - signature: like that of `init(contentsOf:signature:options:)`.
    ///   - options: threads, instruction set and limits.
    /// - Throws: like `init(contentsOf:signature:options:)`, and what is wrong with the assets, with file and place.
    public convenience init(
        contentsOf url: URL, assets: URL, signature: String? = nil, options: Options = Options()
    ) throws(EmotionFormerError) {
        try self.init(
            path: EmotionModel.path(of: url), assets: EmotionModel.path(of: assets), signature: signature,
            options: options)
    }

    static func path(of url: URL) throws(EmotionFormerError) -> String {
        guard url.isFileURL else {
            throw EmotionFormerError(
                Fault(.invalidArgument, at: url.absoluteString, "only files are read", expected: "a file URL"))
        }
        return url.path
    }

    /// Reads a model like `init(contentsOf:signature:options:)`, or, with a folder of assets, like
    /// `init(contentsOf:assets:signature:options:)`.
    public convenience init(
        path: String, assets: String? = nil, signature: String? = nil, options: Options = Options()
    ) throws(EmotionFormerError) {
        let contents = try publicly { () throws(Fault) in
            try options.limits.values.validate()
            return try ModelFile.read(
                path, assets: assets, signature: signature, includingSelfTest: false, limits: options.limits.values)
        }
        do throws(Fault) {
            try self.init(
                consume contents, options: options, source: .file(path: path, signature: signature))
        } catch {
            throw EmotionFormerError(error.within(path))
        }
    }

    package convenience init(_ contents: ModelPackage, options: Options = Options()) throws(Fault) {
        try self.init(contents, options: options, source: .contents(contents))
    }

    /// - Parameter source: where attention plans read the weights.
    init(_ given: consuming ModelPackage, options: Options, source: AttentionPlans.Source) throws(Fault) {
        let contents = try given.endingInProbabilities()
        try EmotionModel.check(threads: options.threads)
        try options.limits.values.validate()
        self.options = options
        name = contents.name
        license = contents.license
        citation = contents.citation
        metadata = try contents.metadata?.text()
        guard let clip = contents.clip else { throw EmotionModel.notAClip(contents) }
        let isVector = contents.inputs[0].role.name == .vector
        input = try ModelInput(clip, isVector: isVector).treatingMissingValues(by: options.missingValue)
        preparation = try InputPreparation(input, normalizer: Normalizer(clip))
        variables = contents.variables.map { Model.Variable($0.name, $0.type) }
        let planOptions = try PlanOptions(
            instructionSetNamed: options.instructionSet?.rawValue,
            environment: ProcessInfo.processInfo.environment, threads: options.threads,
            limits: options.limits.values)
        attentionPlans = AttentionPlans(source, of: contents, options: planOptions)
        let labels = contents.labels
        outputName = contents.outputs.first?.name ?? ""
        plans = try PlanCache(consume contents, preparation: preparation, options: planOptions)
        let reading = plans.reading
        guard reading.kind != .probabilities || reading.classCount > 1 else {
            throw Fault(
                .shapeMismatch, at: "outputs",
                "the model gives one number for a clip, but probabilities are of two classes or more",
                found: "1", expected: "two or more, or the kind 'scores' or 'values'")
        }
        let prefix = reading.kind == .values ? "value" : "class"
        self.labels = labels ?? (0..<reading.classCount).map { "\(prefix)\($0)" }
        guard self.labels.count == reading.classCount else {
            throw Fault(
                .shapeMismatch, at: "labels", "there are not as many labels as outputs", found: "\(self.labels.count)",
                expected: "\(reading.classCount)")
        }
        let namesClasses = reading.classCount > 1 && (reading.kind != .values || labels != nil)
        form = Prediction.Form(
            labels: self.labels, kind: reading.kind, isPerFrame: reading.isPerFrame, rowsChooseLabel: namesClasses,
            choosesLabel: namesClasses && reading.rowCount == 1 && !reading.isPerFrame)
    }

    static func check(threads: Int) throws(Fault) {
        guard threads >= 1, threads <= 1024 else {
            throw Fault(
                .invalidArgument, at: "threads", "the number of threads is out of range", found: "\(threads)",
                expected: "1 to 1024")
        }
    }

    private static func notAClip(_ contents: borrowing ModelPackage) -> Fault {
        Fault(
            .shapeMismatch, at: "inputs", "the model takes neither one clip nor the features of one frame",
            found: contents.main?.inputs.map { "'\($0.name)' \($0.typeText)" }.joined(separator: ", "),
            expected: "an input [1, frames, features] or [1, features]; run any other with its inputs by name "
                + "(emotionformer run, or Model)")
    }

    /// Predicts the emotion of a clip, on the caller's thread and on others if `options.threads` allows.
    /// - Throws: `featureCountMismatch` or `layoutMismatch` if the clip does not fit this model, `emptyClip` if no
    ///   frame has a face, `notFinite` if the model's output is not finite.
    public func predict(_ clip: LandmarkClip) throws(EmotionFormerError) -> Prediction {
        try publicly { () throws(Fault) in try prediction(of: clip) }
    }

    /// Predicts the emotion of a clip and replaces the contents of `prediction`.
    ///
    /// For frequent predictions: a call after the first allocates no memory if all clips have the same number of frames
    /// or the model pads them. A model whose padding influences nothing has memory of its own for each of a few sizes,
    /// which the first clip of that size allocates. This holds for any number of threads; on the portable level the BLAS
    /// library may allocate.
    ///
    /// ```swift
    /// var prediction = Prediction()
    /// for clip in clips {
    ///     try model.predict(clip, into: &prediction)
    ///     print(prediction.label)
    /// }
    /// ```
    /// - Throws: like `predict(_:)`; `prediction` is then unchanged.
    public func predict(_ clip: LandmarkClip, into prediction: inout Prediction) throws(EmotionFormerError) {
        do throws(Fault) {
            try predict(clip, replacing: &prediction)
        } catch {
            throw EmotionFormerError(error)
        }
    }

    /// The graph's input for a clip: rows × features, normalized and padded.
    package func graphInput(of clip: LandmarkClip) throws(Fault) -> Tensor {
        let frames = try preparation.frames(of: clip)
        let rows = input.padding.side == .none ? frames.count : input.frames
        return Tensor(.float32, try plans.inputShape(rows: rows)) { bytes in
            preparation.write(clip, frames: frames, rows: rows, to: bytes.bindMemory(to: Float.self))
        }
    }

    package func prediction(of clip: LandmarkClip) throws(Fault) -> Prediction {
        var prediction = Prediction()
        try predict(clip, replacing: &prediction)
        return prediction
    }

    private func predict(_ clip: LandmarkClip, replacing prediction: inout Prediction) throws(Fault) {
        if let sizes = plans.sizes {
            let frameCount = try preparation.frameCount(of: clip)
            if let size = sizes.size(for: frameCount),
                try predict(clip, frameCount: frameCount, sizes, size, replacing: &prediction)
            {
                return
            }
        }
        try run(clip) { session, frameCount, rows throws(Fault) in
            try session.run()
            try fill(&prediction, session, framesUsed: frameCount, rows: rows, of: clip.name ?? "")
        }
    }

    /// Predicts the next clip of a sequence.
    /// - Parameter state: the variables that the clip before left, or empty for those of the first run; unchanged if the
    ///   prediction fails.
    func prediction(of clip: LandmarkClip, state: inout [UInt8]) throws(Fault) -> Prediction {
        guard hasVariables else { return try self.prediction(of: clip) }
        var prediction = Prediction()
        try run(clip) { session, frameCount, rows throws(Fault) in
            session.setVariables(state)
            try session.run()
            try fill(&prediction, session, framesUsed: frameCount, rows: rows, of: clip.name ?? "")
            session.saveVariables(&state)
        }
        return prediction
    }

    /// Lends a session that holds a clip's features.
    private func run(
        _ clip: LandmarkClip, _ body: (_ session: Session, _ frameCount: Int, _ rows: Int) throws(Fault) -> Void
    ) throws(Fault) {
        let frameCount = try preparation.frameCount(of: clip)
        let rows = input.padding.side == .none ? frameCount : input.frames
        try plans.withSession(rows: rows) { session throws(Fault) in
            preparation.write(
                clip, frameCount: frameCount, rows: rows, to: session.input(0).bindMemory(to: Float.self))
            try body(session, frameCount, rows)
        }
    }

    /// Predicts from the clip's own frames and a little padding.
    /// - Returns: false if the clip takes the whole plan; the prediction is then unchanged.
    private func predict(
        _ clip: LandmarkClip, frameCount: Int, _ sizes: ClipSizes, _ size: ClipSizes.Size,
        replacing prediction: inout Prediction
    ) throws(Fault) -> Bool {
        let lease = size.pool.take()
        defer { size.pool.give(lease) }
        let session = lease.session
        preparation.write(
            clip, frameCount: frameCount, rows: size.frames, to: session.input(0).bindMemory(to: Float.self))
        guard sizes.admits(session, frameCount: frameCount) else { return false }
        try session.run()
        guard sizes.keepsFrames(session) else { return false }
        try fill(&prediction, session, framesUsed: frameCount, rows: size.frames, of: clip.name ?? "")
        return true
    }

    /// Replaces a prediction by the outputs of a session's last run.
    /// - Throws: `notFinite` if an output is not finite; `prediction` is then unchanged.
    func fill(
        _ prediction: inout Prediction, _ session: Session, framesUsed: Int, rows: Int, of place: String
    ) throws(Fault) {
        let reading = plans.reading
        let first = input.padding.side == .start ? rows - framesUsed : 0
        let used = reading.isPerFrame ? first..<first + framesUsed : 0..<reading.rowCount
        let range = used.lowerBound * reading.classCount..<used.upperBound * reading.classCount
        let outputs = UnsafeBufferPointer(rebasing: session.output(0).bindMemory(to: Float.self)[range])
        let logits = reading.logits.map {
            UnsafeBufferPointer(rebasing: session.output($0).bindMemory(to: Float.self)[range])
        }
        guard EmotionModel.isFinite(outputs), logits.map(EmotionModel.isFinite) ?? true else {
            throw Fault(.notFinite, at: place, "the model's output is not a finite number")
        }
        prediction.replace(
            form, outputs: outputs, logits: logits, rowCount: used.count, framesUsed: framesUsed,
            otherOutputs: reading.otherOutputs(session))
    }

    private static func isFinite(_ values: UnsafeBufferPointer<Float>) -> Bool { values.allSatisfy { $0.isFinite } }
}
