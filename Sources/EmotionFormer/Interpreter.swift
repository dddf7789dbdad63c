import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Runs a model's graph with the calls of TensorFlow Lite's Swift `Interpreter`: bytes in, bytes out.
///
/// Clips are not normalized or padded and classes are not named; `EmotionModel` does that. Only one thread at a time
/// may use an interpreter.
///
/// ```swift
/// let interpreter = try Interpreter(modelPath: "model.tflite")
/// try interpreter.allocateTensors()
/// try interpreter.copy(data, toInputAt: 0)
/// try interpreter.invoke()
/// let probabilities = try interpreter.output(at: 0).floats
/// ```
public final class Interpreter {
    /// An input or output: its description, and a copy of its elements.
    public struct Tensor: Sendable, Hashable {
        public let name: String
        /// `float32`, `int32`, ….
        public let dataType: String
        /// The extents, outermost axis first. The first axis is the batch and has extent 1.
        public let shape: [Int]
        /// The elements in row-major order and the machine's byte order.
        public let data: Data

        /// The elements of a `float32` tensor; nil for another type.
        public var floats: [Float]? {
            guard dataType == ElementType.float32.rawValue else { return nil }
            let bytes = [UInt8](data)
            return bytes.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
            }
        }
    }

    private let model: Model
    private var shapes: [String: [Int]] = [:]
    private var session: Session?

    /// Reads a TensorFlow Lite file, or a model package's graph.
    /// - Parameter signature: which entry point of a file with several to read, like that of `Model`.
    /// - Throws: what is wrong with the model.
    public init(
        modelPath: String, signature: String? = nil, options: EmotionModel.Options = .init()
    ) throws(EmotionFormerError) {
        model = try Model(path: modelPath, signature: signature, options: options)
    }

    public var inputTensorCount: Int { model.inputs.count }
    /// The outputs of a TensorFlow Lite file come first, then the logits of those that are a softmax.
    public var outputTensorCount: Int { model.outputs.count }

    /// Gives an input with open axes another shape; the tensors must then be allocated again.
    /// - Throws: `outOfBounds` if there is no such input. Whether the shape fits is checked by `allocateTensors`.
    public func resizeInput(at index: Int, to shape: [Int]) throws(EmotionFormerError) {
        try publicly { () throws(Fault) in
            try Interpreter.check(index, model.inputs.count, "input")
            shapes[model.inputs[index].name] = shape
            session = nil
        }
    }

    /// Compiles the graph and allocates memory for all of its tensors. Its variables are then as before the first run.
    /// - Throws: `unsupportedOperation` and others, with the node, if the graph cannot run.
    public func allocateTensors() throws(EmotionFormerError) {
        session = try publicly { () throws(Fault) in Session(try model.plan(shapes: shapes)) }
    }

    /// Copies an input's elements.
    /// - Throws: `invalidArgument` before `allocateTensors`; `outOfBounds` if there is no such input; `sizeMismatch`.
    public func copy(_ data: Data, toInputAt index: Int) throws(EmotionFormerError) {
        try publicly { () throws(Fault) in
            let session = try allocated()
            try Interpreter.check(index, model.inputs.count, "input")
            let target = session.input(index)
            guard data.count == target.count else {
                throw Fault(
                    .sizeMismatch, at: "input \(index)", "the data is not of the tensor's size",
                    found: "\(data.count) bytes", expected: "\(target.count)")
            }
            data.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }

    /// Computes the outputs from the inputs and from the model's variables, which the invocation before has left.
    /// - Throws: `invalidArgument` before `allocateTensors`; `outOfBounds` if an input value is an index that is out of
    ///   range; the variables are then as they were before the call.
    public func invoke() throws(EmotionFormerError) {
        try publicly { () throws(Fault) in try allocated().run() }
    }

    /// Sets the states of fused LSTMs to zero, for a new sequence of inputs. As in TensorFlow Lite, variables that the file
    /// reads and assigns itself stay: `allocateTensors` sets those.
    /// - Throws: `invalidArgument` before `allocateTensors`.
    public func resetVariableTensors() throws(EmotionFormerError) {
        try publicly { () throws(Fault) in try allocated().resetStates() }
    }

    /// An input's description and elements.
    /// - Throws: `invalidArgument` before `allocateTensors`; `outOfBounds` if there is no such input.
    public func input(at index: Int) throws(EmotionFormerError) -> Tensor {
        try publicly { () throws(Fault) in
            let session = try allocated()
            try Interpreter.check(index, model.inputs.count, "input")
            return Tensor(
                model.inputs[index].name, session.plan.inputTypes[index], UnsafeRawBufferPointer(session.input(index)))
        }
    }

    /// An output's description and elements.
    /// - Throws: `invalidArgument` before `allocateTensors`; `outOfBounds` if there is no such output.
    public func output(at index: Int) throws(EmotionFormerError) -> Tensor {
        try publicly { () throws(Fault) in
            let session = try allocated()
            try Interpreter.check(index, model.outputs.count, "output")
            let output = model.outputIndices[index]
            return Tensor(output.name, session.plan.outputTypes[output.index], session.output(output.index))
        }
    }

    private func allocated() throws(Fault) -> Session {
        guard let session else {
            throw Fault(
                .invalidArgument, at: "interpreter", "the tensors are not allocated: call allocateTensors first")
        }
        return session
    }

    private static func check(_ index: Int, _ count: Int, _ what: String) throws(Fault) {
        guard (0..<count).contains(index) else {
            throw Fault(
                .outOfBounds, at: "\(what) \(index)", "there is no such tensor", found: "\(index)",
                expected: "less than \(count)")
        }
    }
}

extension Interpreter.Tensor {
    fileprivate init(_ name: String, _ type: ValueType, _ bytes: UnsafeRawBufferPointer) {
        self.init(name: name, dataType: type.elementType.rawValue, shape: type.shape.extents, data: Data(bytes))
    }
}
