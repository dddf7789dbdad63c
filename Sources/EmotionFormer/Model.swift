package import EmotionFormerCore
package import EmotionFormerEngine
import EmotionFormerGraph
package import EmotionFormerModelFormat

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A model with any inputs and outputs, by name. It is immutable, and any number of threads may use it at once.
///
/// Nothing is normalized, padded or named a class: tensors go in, tensors come out. ``EmotionModel`` does the rest for
/// models of clips.
///
/// ```swift
/// let model = try Model(contentsOf: url)
/// let results = try model.run(["face": face, "pose": pose])
/// print(results["valence"]?.floats ?? [])
/// ```
public final class Model: Sendable {
    /// An input: what a model takes under a name.
    public struct Input: Sendable, Hashable {
        /// What an input holds.
        public enum Role: String, Sendable, CaseIterable {
            /// Frames × features of a clip.
            case clip
            /// The features of one frame.
            case vector
            /// A picture: (batch, height, width, channels).
            case image
            /// Any tensor.
            case tensor
        }

        public let name: String
        public let elementType: ModelTensor.ElementType
        /// The extents, outermost axis first, nil for an open one. The first axis is mostly the batch's, with extent 1.
        public let shape: [Int?]
        public let role: Role
    }

    /// An output: what a model gives under a name.
    public struct Output: Sendable, Hashable {
        public let name: String
        public let kind: OutputKind
        /// Whether these are the inputs of the softmax that makes the first output.
        package let areLogitsOfMain: Bool
    }

    /// A value that the model keeps from one run to the next, such as the last steps of a stream.
    public struct Variable: Sendable, Hashable {
        public let name: String
        public let elementType: ModelTensor.ElementType
        public let shape: [Int]
    }

    public let name: String
    public let license: String?
    public let citation: String?
    /// What people wrote down about the model, as JSON; nil if nothing.
    public let metadata: String?
    /// Names of the numbers along the last axis of the first output; nil if the model has none.
    public let labels: [String]?
    public let inputs: [Input]
    public let outputs: [Output]
    /// What the runs of a session hand on, one to the next: variables of the model, and the states of a TensorFlow Lite
    /// file's fused LSTMs. `run(_:)` starts anew with each call.
    public let variables: [Variable]
    public let options: EmotionModel.Options

    let specifications: [InputSpecification]
    private let plans: ModelPlans

    /// Reads a model package (a folder) or a TensorFlow Lite file.
    /// - Parameter signature: which entry point of a TensorFlow Lite file to read, by its name there, such as `encode`. It
    ///   may be nil for a file with one, and for one whose `serving_default` is also what `invoke()` runs.
    /// - Throws: what is wrong with the model, with file and field; `invalidArgument`, with the names that there are, for
    ///   a signature that the file lacks, or without one for a file that has several.
    public convenience init(
        contentsOf url: URL, signature: String? = nil, options: EmotionModel.Options = .init()
    ) throws(EmotionFormerError) {
        try self.init(path: EmotionModel.path(of: url), signature: signature, options: options)
    }

    /// Reads a model like `init(contentsOf:signature:options:)`.
    public convenience init(
        path: String, signature: String? = nil, options: EmotionModel.Options = .init()
    ) throws(EmotionFormerError) {
        let contents = try publicly { () throws(Fault) in
            try options.limits.values.validate()
            return try ModelFile.read(
                path, signature: signature, includingSelfTest: false, keepsStates: true,
                limits: options.limits.values)
        }
        do throws(Fault) {
            try self.init(consume contents, options: options)
        } catch {
            throw EmotionFormerError(error.within(path))
        }
    }

    package init(_ contents: consuming ModelPackage, options: EmotionModel.Options = .init()) throws(Fault) {
        try EmotionModel.check(threads: options.threads)
        try options.limits.values.validate()
        self.options = options
        name = contents.name
        license = contents.license
        citation = contents.citation
        metadata = try contents.metadata?.text()
        labels = contents.labels
        specifications = contents.inputs
        inputs = zip(contents.inputs, contents.main?.inputs ?? []).map { input, taken in
            Input(
                name: input.name, elementType: ModelTensor.ElementType(taken.elementType), shape: taken.extents,
                role: Input.Role(rawValue: input.role.name.rawValue) ?? .tensor)
        }
        let main = contents.outputs.first
        outputs = contents.outputs.map { output in
            Output(
                name: output.name, kind: OutputKind(output.kind),
                areLogitsOfMain: main.map { output.isLogits(of: $0) } ?? false)
        }
        variables = contents.variables.map { Variable($0.name, $0.type) }
        plans = try ModelPlans(
            consume contents,
            options: PlanOptions(
                instructionSetNamed: options.instructionSet?.rawValue,
                environment: ProcessInfo.processInfo.environment, threads: options.threads,
                limits: options.limits.values))
    }

    /// Whether the runs of a session depend on those before.
    public var hasVariables: Bool { !variables.isEmpty }

    /// Computes the outputs of some inputs, each given by name. A model with variables starts anew: for inputs that follow
    /// each other, use `session(shapes:)`.
    /// - Throws: `invalidArgument` for a name that the model lacks or an input that is missing; `elementTypeMismatch`,
    ///   `shapeMismatch`; `outOfBounds` if an input value is an index that is out of range.
    public func run(_ inputs: [String: ModelTensor]) throws(EmotionFormerError) -> [String: ModelTensor] {
        try publicly { () throws(Fault) in
            var tensors: [String: Tensor] = [:]
            for (name, tensor) in inputs { tensors[name] = try tensor.tensor() }
            return try results(of: tensors).mapValues { ModelTensor($0) }
        }
    }

    /// Memory to run the model again and again without allocating. Each session has variables of its own.
    /// - Parameter shapes: the shapes of inputs with open axes, by name. Open axes are otherwise the batch's 1, or the
    ///   model's largest number of frames.
    /// - Throws: `invalidArgument` for a name that the model lacks; `shapeMismatch` for a shape that does not fit, or
    ///   an open axis that nothing states.
    public func session(shapes: [String: [Int]] = [:]) throws(EmotionFormerError) -> ModelSession {
        try publicly { () throws(Fault) in
            let plan = try plan(shapes: shapes)
            return ModelSession(Session(plan), inputs: self.inputs.map(\.name), outputs: outputIndices)
        }
    }

    /// The plan's output of each of the model's outputs.
    var outputIndices: [(name: String, index: Int)] { plans.outputIndices }

    /// - Throws: like `session(shapes:)`.
    package func plan(shapes: [String: [Int]] = [:]) throws(Fault) -> Plan {
        try plans.pool(inputShapes(shapes)).plan
    }

    /// The shapes of all inputs, where some are given.
    /// - Throws: like `session(shapes:)`.
    package func inputShapes(_ given: [String: [Int]] = [:]) throws(Fault) -> [Shape] {
        for name in given.keys.sorted() where !inputs.contains(where: { $0.name == name }) {
            throw missingInput(name)
        }
        var complete: [Shape] = []
        for (index, input) in inputs.enumerated() {
            complete.append(try shape(of: index, given: given[input.name]))
        }
        return complete
    }

    /// Computes the outputs of one run.
    package func results(of tensors: [String: Tensor]) throws(Fault) -> [String: Tensor] {
        var state: [UInt8] = []
        return try results(of: tensors, state: &state)
    }

    /// Computes the outputs of the next run of a sequence.
    /// - Parameter state: the variables that the run before left, or empty for those of the first run; unchanged if the
    ///   run fails.
    package func results(of tensors: [String: Tensor], state: inout [UInt8]) throws(Fault) -> [String: Tensor] {
        for name in tensors.keys.sorted() where !inputs.contains(where: { $0.name == name }) {
            throw missingInput(name)
        }
        var shapes: [Shape] = []
        var given: [Tensor] = []
        for (index, input) in inputs.enumerated() {
            guard let tensor = tensors[input.name] else {
                throw Fault(
                    .invalidArgument, at: "inputs", "an input is missing", expected: "'\(input.name)'")
            }
            guard ModelTensor.ElementType(tensor.elementType) == input.elementType else {
                throw Fault(
                    .elementTypeMismatch, at: "input '\(input.name)'", "the elements are of another type",
                    found: tensor.elementType.rawValue, expected: input.elementType.rawValue)
            }
            shapes.append(try shape(of: index, given: tensor.shape.extents))
            given.append(tensor)
        }
        let pool = try plans.pool(shapes)
        let lease = pool.take()
        defer { pool.give(lease) }
        for (index, tensor) in given.enumerated() {
            tensor.withUnsafeBytes { lease.session.input(index).copyMemory(from: $0) }
        }
        lease.session.setVariables(state)
        try lease.session.run()
        lease.session.saveVariables(&state)
        var results: [String: Tensor] = [:]
        for (name, index) in outputIndices { results[name] = lease.session.outputTensor(index) }
        return results
    }

    /// The axis of a clip's frames in an input.
    package func timeAxis(of input: Int) -> Int? { plans.timeAxes[input] }

    private func missingInput(_ name: String) -> Fault {
        Fault(
            .invalidArgument, at: "inputs", "the model has no such input", found: "'\(name)'",
            expected: inputs.map { "'\($0.name)'" }.joined(separator: ", "))
    }

    /// The shape of an input in a plan: as given, with or without a batch axis of 1.
    private func shape(of index: Int, given: [Int]?) throws(Fault) -> Shape {
        let input = inputs[index]
        func fits(_ extents: [Int]) -> Bool {
            extents.count == input.shape.count && zip(extents, input.shape).allSatisfy { $0 == $1 ?? $0 && $0 > 0 }
        }
        let expected = input.shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        if let given {
            if fits(given) { return try Shape(given) }
            if input.shape.first.map({ $0 ?? 1 == 1 }) ?? false, fits([1] + given) { return try Shape([1] + given) }
            throw Fault(
                .shapeMismatch, at: "input '\(input.name)'", "the shape does not fit", found: "\(given)",
                expected: "[\(expected)]")
        }
        let description = specifications[index].description
        var extents: [Int] = []
        for (axis, extent) in input.shape.enumerated() {
            if let extent {
                extents.append(extent)
            } else if let description, plans.timeAxes[index] == axis {
                extents.append(description.frames)
            } else if axis == 0 {
                extents.append(1)
            } else {
                throw Fault(
                    .shapeMismatch, at: "input '\(input.name)'", "the model leaves axis \(axis) open: give a shape",
                    found: "[\(expected)]")
            }
        }
        return try Shape(extents)
    }
}

extension Model.Variable {
    init(_ name: String, _ type: ValueType) {
        self.init(
            name: name, elementType: ModelTensor.ElementType(type.elementType), shape: type.shape.extents)
    }
}

extension Session {
    /// A copy of an output after a run.
    func outputTensor(_ index: Int) -> Tensor {
        let type = plan.outputTypes[index]
        return Tensor(type.elementType, type.shape) { $0.copyMemory(from: output(index)) }
    }
}
