import EmotionFormerTensors
import FoundationEssentials

/// A line that the other side writes: an operation, its operands with the views that are taken of them, and arguments.
struct Request: Decodable {
    struct Operand: Decodable {
        /// An `npy` file in base64.
        let array: String
        let views: [View]
    }

    struct View: Decodable {
        let kind: String
        var axis: Int?
        var axes: [Int]?
        /// For each axis an index, or start, end and step.
        var slices: [[Int?]]?
    }

    let operation: String
    let operands: [Operand]
    var axis: Int?
    var axes: [Int]?
    var shape: [Int]?
    var keepsAxes: Bool?
    var number: Double?
    var type: String?
    var slices: [[Int?]]?
    /// Of a measurement: what is measured, and how often.
    var name: String?
    var repetitions: Int?
}

/// What is answered: arrays, a text, or an error's line.
struct Answer: Encodable {
    var arrays: [String] = []
    var text: String?
    var error: String?
    /// Nanoseconds of one call, for each repetition.
    var times: [Double]?

    init(times: [Double]) { self.times = times }

    init<each Scalar>(_ tensors: repeat Tensor<each Scalar>) {
        for tensor in repeat each tensors { arrays.append(Data(tensor.numPyBytes).base64EncodedString()) }
    }

    init(text: String) { self.text = text }
    init(error: String) { self.error = error }
}

struct ProbeError: Error {
    let line: String
}

extension Request.Operand {
    var bytes: [UInt8] { Data(base64Encoded: array).map { [UInt8]($0) } ?? [] }

    /// NumPy's name of the element type, as it stands in the header: `<f4`.
    var type: String {
        let header = String(decoding: bytes.prefix(128), as: UTF8.self)
        let part = header.split(separator: "'", omittingEmptySubsequences: false)
        return part.count > 3 ? String(part[3].dropFirst()) : ""
    }

    func tensor<Scalar>(_ type: Scalar.Type = Scalar.self) throws -> Tensor<Scalar> {
        var tensor = try Tensor<Scalar>(numPyBytes: bytes)
        for view in views { tensor = try view.applied(to: tensor) }
        return tensor
    }
}

extension Request.View {
    func applied<Scalar>(to tensor: Tensor<Scalar>) throws -> Tensor<Scalar> {
        switch kind {
        case "transpose": try tensor.transposed(axes ?? [])
        case "slice": try slice(tensor, slices ?? [])
        case "broadcast": try tensor.broadcast(to: axes ?? [])
        case "reverse": try tensor.reversed(axis: axis ?? 0)
        case "expand": try tensor.expanded(at: axis ?? 0)
        case "squeeze": try tensor.squeezed(axis: axis ?? 0)
        case "reshape": try tensor.reshaped(to: axes ?? [])
        case "move": try tensor.movingAxis(axes?[0] ?? 0, to: axes?[1] ?? 0)
        default: throw ProbeError(line: "no view \(kind)")
        }
    }
}

/// The brackets of up to four axes.
func indices(_ slices: [[Int?]]) -> [any TensorIndex] {
    slices.map { part -> any TensorIndex in
        part.count == 1
            ? part[0].map { $0 as any TensorIndex } ?? TensorSlice.every(1)
            : TensorSlice.every(part[2] ?? 1, from: part[0], to: part[1])
    }
}

func slice<Scalar>(_ tensor: Tensor<Scalar>, _ slices: [[Int?]]) throws -> Tensor<Scalar> {
    let parts = indices(slices)
    return switch parts.count {
    case 0: tensor
    case 1: try tensor.slice(parts[0])
    case 2: try tensor.slice(parts[0], parts[1])
    case 3: try tensor.slice(parts[0], parts[1], parts[2])
    default: try tensor.slice(parts[0], parts[1], parts[2], parts[3])
    }
}

func assign<Scalar>(_ value: Tensor<Scalar>, to tensor: inout Tensor<Scalar>, _ slices: [[Int?]]) throws {
    let parts = indices(slices)
    switch parts.count {
    case 0: try tensor.assign(value, to: .ellipsis)
    case 1: try tensor.assign(value, to: parts[0])
    case 2: try tensor.assign(value, to: parts[0], parts[1])
    case 3: try tensor.assign(value, to: parts[0], parts[1], parts[2])
    default: try tensor.assign(value, to: parts[0], parts[1], parts[2], parts[3])
    }
}
