import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    func layer(_ kind: OperationFamily.Layer) throws(Fault) -> [[Double]] {
        switch kind {
        case .constant: return [try weight("value").elements]
        case .dense: return [try dense()]
        case .positionalEncoding: return [try positionalEncoding()]
        case .embedding:
            let table = try weight("table")
            let width = table.shape[1]
            var elements: [Double] = []
            for index in try operand(0).indices() {
                guard index >= 0, index < table.shape[0] else {
                    throw Fault(
                        .outOfBounds, at: "operand 'indices'", "the index is outside the table", found: "\(index)",
                        expected: "0..<\(table.shape[0])")
                }
                elements += table.elements[index * width..<(index + 1) * width]
            }
            return [elements]
        case .masking: return try masking()
        case .attention:
            return try attention(
                operand(0), operand(1), operand(2), heads: attributes.integer("headCount"),
                scale: attributes.number("scale"))
        case .multiHeadAttention: return try multiHeadAttention()
        }
    }

    private func dense() throws(Fault) -> [Double] {
        let input = try operand(0)
        let kernel = try weight("kernel")
        let bias = try optionalWeight("bias")?.elements
        let activation = try attributes.activation()
        var matrix = MatrixView(kernel.elements, rows: kernel.shape[0], columns: kernel.shape[1])
        if try attributes.text("kernelLayout") == "outputInput" { matrix = matrix.transposed }
        let rows = input.elements.count / max(matrix.rows, 1)
        let linear: [Double]
        if kernel.type.elementType == .int8 {
            linear = try DynamicRange.rowsByDelegate(
                input.elements, rowCount: try outputShape().elementCount / max(matrix.columns, 1), kernel: matrix,
                scales: kernel.scales(), bias: bias)
        } else if matrix.rows == 0 {
            linear = [Double](repeating: 0, count: try outputShape().elementCount).addingRow(bias)
        } else {
            linear = (MatrixView(input.elements, rows: rows, columns: matrix.rows) * matrix).addingRow(bias)
        }
        return linear.map { activation($0) }
    }

    private func positionalEncoding() throws(Fault) -> [Double] {
        let input = try operand(0)
        let (steps, width) = (input.shape[1], input.shape[2])
        let scale = try attributes.number("scale")
        let encoding =
            try attributes.text("kind") == "table"
            ? Array(try weight("table").elements.prefix(steps * width)) : try sinusoids(steps: steps, width: width)
        return input.elements.map { $0 * scale }.addingRow(encoding)
    }

    private func sinusoids(steps: Int, width: Int) throws(Fault) -> [Double] {
        let wavelength = try attributes.number("maximumWavelength")
        let isInterleaved = try attributes.text("arrangement") == "interleaved"
        var encoding: [Double] = []
        for position in 0..<steps {
            for column in 0..<width {
                let half = (width + 1) / 2
                let index = isInterleaved ? column / 2 : column % half
                let isSine = isInterleaved ? column % 2 == 0 : column < half
                let angle =
                    Double(position) / Mathematics.power(wavelength, 2 * Double(index) / Double(width))
                encoding.append(isSine ? Mathematics.sine(angle) : Mathematics.cosine(angle))
            }
        }
        return encoding
    }

    private func masking() throws(Fault) -> [[Double]] {
        let input = try operand(0)
        let width = input.shape[2]
        let maskValue = Double(Float(try attributes.number("maskValue")))
        var output = input.elements
        var mask: [Double] = []
        for step in 0..<input.shape[0] * input.shape[1] {
            let range = step * width..<(step + 1) * width
            let isKept = input.elements[range].contains { $0 != maskValue }
            mask.append(isKept ? 1 : 0)
            if !isKept { for index in range { output[index] = 0 } }
        }
        return [output, mask]
    }
}
