import EmotionFormerCore

@testable import EmotionFormerGraph

/// A type in a test's own short hand: `f32(1, 300, 64)`.
func f32(_ extents: Int...) -> ValueType { ValueType(.float32, Shape(unchecked: extents)) }
func i32(_ extents: Int...) -> ValueType { ValueType(.int32, Shape(unchecked: extents)) }
func i64(_ extents: Int...) -> ValueType { ValueType(.int64, Shape(unchecked: extents)) }
func i8(_ extents: Int...) -> ValueType { ValueType(.int8, Shape(unchecked: extents)) }
func bool(_ extents: Int...) -> ValueType { ValueType(.bool, Shape(unchecked: extents)) }

func known(_ values: [Int32]) -> StoredTensor { StoredTensor(Tensor(values)) }

func zeros(_ type: ValueType, scales: Int? = nil, axis: Int? = nil, zeroPoint: Int = 0) -> StoredTensor {
    StoredTensor(
        Tensor(type.elementType, type.shape) { _ in },
        quantization: scales.map {
            Quantization(
                scales: Array(repeating: 0.5, count: $0), zeroPoints: Array(repeating: zeroPoint, count: $0), axis: axis
            )
        })
}

/// Shape inference of one node, whose absent attributes have their defaults.
func infer(
    _ operation: EmotionFormerGraph.Operation, _ inputs: [ValueType?], _ attributes: Attributes = [:],
    weights: [String: ValueType] = [:], stored: [String: StoredTensor] = [:], constants: [Int: StoredTensor] = [:],
    outputs: Int = 1
) throws(Fault) -> [ValueType] {
    try ShapeInference.outputTypes(
        context(
            operation, inputs, attributes, weights: weights, stored: stored, constants: constants, outputs: outputs))
}

func context(
    _ operation: EmotionFormerGraph.Operation, _ inputs: [ValueType?], _ attributes: Attributes = [:],
    weights: [String: ValueType] = [:], stored: [String: StoredTensor] = [:], constants: [Int: StoredTensor] = [:],
    outputs: Int = 1
) -> NodeContext {
    var complete = attributes
    for specification in operation.specification.attributes where complete[specification.name] == nil {
        complete[specification.name] = specification.defaultValue
    }
    return NodeContext(
        operation: operation, attributes: complete,
        weights: weights.mapValues { zeros($0) }.merging(stored, uniquingKeysWith: { $1 }), inputTypes: inputs,
        inputConstants: inputs.indices.map { constants[$0] }, outputCount: outputs)
}

/// The code of the fault that `body` throws; nil if it throws none.
func faultCode(_ body: () throws(Fault) -> some Any) -> Fault.Code? {
    do throws(Fault) {
        _ = try body()
        return nil
    } catch {
        return error.code
    }
}
