import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    func product(_ kind: OperationFamily.Product) throws(Fault) -> [[Double]] {
        switch kind {
        case .matmul: return [try matmul(operand(0).elements, operand(1).elements)]
        case .fullyConnected:
            let (input, weights) = (try operand(0), try operand(1))
            let (columns, inner) = (weights.shape[0], weights.shape[1])
            let rows = try outputShape().elementCount / max(columns, 1)
            let matrix = MatrixView(weights.elements, rows: columns, columns: inner).transposed
            let bias = optionalOperand(2)?.elements
            if weights.type.elementType == .int8 {
                return [
                    try DynamicRange.rows(
                        input.elements, rowCount: rows, kernel: matrix, scales: weights.scales(), bias: bias,
                        rule: attributes.integerRule() == .xnnpack ? .delegate : .builtin,
                        isSymmetric: !attributes.boolean("asymmetricQuantizeInputs"))
                ]
            }
            return [(MatrixView(input.elements, rows: rows, columns: inner) * matrix).addingRow(bias)]
        }
    }

    /// The product of the first two operands, with these elements.
    func matmul(_ elements: [Double], _ otherElements: [Double]) throws(Fault) -> [Double] {
        let (first, second) = (try operand(0), try operand(1))
        let (transposesFirst, transposesSecond) = (
            try attributes.boolean("transposeFirst"), try attributes.boolean("transposeSecond")
        )
        func batches(_ value: ReferenceValue, _ target: Shape) throws(Fault) -> [Int] {
            try Offsets.broadcasting(Shape(Array(value.shape.extents.dropLast(2))), to: target)
        }
        func matrix(
            _ value: ReferenceValue, _ elements: [Double], _ batch: Int, transposed: Bool
        ) -> MatrixView {
            let (rows, columns) = (value.shape[value.shape.rank - 2], value.shape[value.shape.rank - 1])
            let view = MatrixView(
                elements, start: batch * rows * columns, rows: rows, columns: columns, rowStride: columns)
            return transposed ? view.transposed : view
        }
        let target = try Shape(outputShape().extents.dropLast(2))
        var product: [Double] = []
        for (a, b) in zip(try batches(first, target), try batches(second, target)) {
            product +=
                matrix(first, elements, a, transposed: transposesFirst)
                * matrix(second, otherElements, b, transposed: transposesSecond)
        }
        return product
    }
}
