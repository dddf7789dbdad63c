import EmotionFormerCore
import EmotionFormerEngine

/// Memory to run a model again and again. Only one thread at a time may use it. After `init` nothing is allocated,
/// except by the accessors that copy.
///
/// If the model has variables (``Model/variables``), a run finds them as the run before left them. Sessions of one model
/// do not see each other's. The fused LSTMs of a TensorFlow Lite file go on likewise: for inputs that have nothing to do
/// with each other, call `resetVariables` before each.
///
/// ```swift
/// let model = try Model(contentsOf: url)
/// let session = try model.session()
/// try session.withInput("face") { $0.copyBytes(from: data) }
/// try session.run()
/// let valence = try session.output("valence").floats
/// ```
public final class ModelSession {
    private let session: Session
    private let inputs: [String]
    private let outputs: [(name: String, index: Int)]

    init(_ session: Session, inputs: [String], outputs: [(name: String, index: Int)]) {
        self.session = session
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Calls `body` with the elements of an input, to be written before `run`, which does not change them.
    /// - Throws: `invalidArgument` if there is no such input.
    public func withInput<Result>(
        _ name: String, _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) throws(EmotionFormerError) -> Result {
        try publicly { () throws(Fault) in body(session.input(try index(of: name))) }
    }

    /// Copies an input's elements.
    /// - Throws: `invalidArgument` if there is no such input; `elementTypeMismatch`, `shapeMismatch`.
    public func setInput(_ name: String, to tensor: ModelTensor) throws(EmotionFormerError) {
        try publicly { () throws(Fault) in
            let index = try index(of: name)
            let type = session.plan.inputTypes[index]
            guard ModelTensor.ElementType(type.elementType) == tensor.elementType else {
                throw Fault(
                    .elementTypeMismatch, at: "input '\(name)'", "the elements are of another type",
                    found: tensor.elementType.rawValue, expected: type.elementType.rawValue)
            }
            let extents = type.shape.extents
            guard tensor.shape == extents || extents.first == 1 && tensor.shape == Array(extents.dropFirst()) else {
                throw Fault(
                    .shapeMismatch, at: "input '\(name)'", "the shape is not the session's", found: "\(tensor.shape)",
                    expected: "\(extents)")
            }
            tensor.bytes.withUnsafeBytes { session.input(index).copyMemory(from: $0) }
        }
    }

    /// Computes the outputs from the inputs and the variables, and the variables that the next run finds.
    /// - Throws: `outOfBounds` if an input value is an index that is out of range; `limitExceeded` if the model's loops
    ///   do not end in time. The variables are then as they were before the run.
    public func run() throws(EmotionFormerError) {
        do throws(Fault) {
            try session.run()
        } catch {
            throw EmotionFormerError(error)
        }
    }

    /// Sets the variables to what they are before the first run, for a new sequence of inputs. Nothing happens if the model
    /// has none.
    public func resetVariables() { session.resetVariables() }

    /// A copy of a variable, as the next run will find it.
    /// - Throws: `invalidArgument` if there is no such variable.
    public func variable(_ name: String) throws(EmotionFormerError) -> ModelTensor {
        try publicly { () throws(Fault) in
            guard let tensor = session.variable(named: name) else {
                throw Fault(
                    .invalidArgument, at: "variables", "the model has no such variable", found: "'\(name)'",
                    expected: session.plan.variables.map { "'\($0.name)'" }.joined(separator: ", "))
            }
            return ModelTensor(tensor)
        }
    }

    /// Calls `body` with the elements of an output, to be read after `run`.
    /// - Throws: `invalidArgument` if there is no such output.
    public func withOutput<Result>(
        _ name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(EmotionFormerError) -> Result {
        try publicly { () throws(Fault) in body(session.output(try outputIndex(name))) }
    }

    /// A copy of an output.
    /// - Throws: `invalidArgument` if there is no such output.
    public func output(_ name: String) throws(EmotionFormerError) -> ModelTensor {
        try publicly { () throws(Fault) in ModelTensor(session.outputTensor(try outputIndex(name))) }
    }

    private func index(of name: String) throws(Fault) -> Int {
        guard let index = inputs.firstIndex(of: name) else {
            throw Fault(
                .invalidArgument, at: "inputs", "the model has no such input", found: "'\(name)'",
                expected: inputs.map { "'\($0)'" }.joined(separator: ", "))
        }
        return index
    }

    private func outputIndex(_ name: String) throws(Fault) -> Int {
        guard let output = outputs.first(where: { $0.name == name }) else {
            throw Fault(
                .invalidArgument, at: "outputs", "the model has no such output", found: "'\(name)'",
                expected: outputs.map { "'\($0.name)'" }.joined(separator: ", "))
        }
        return output.index
    }
}
