import EmotionFormerCore

extension TFLiteFile {
    /// The most elements of a tensor: TensorFlow Lite counts them in 32 bits.
    static let maximumElementCount = 1 << 31

    /// Whether the file holds the tensor's elements.
    func isConstant(_ tensor: Tensor) -> Bool {
        guard buffers.indices.contains(tensor.buffer), !tensor.isVariable else { return false }
        // By convention buffer 0 is empty. A tensor without elements has no bytes in other buffers either.
        return !buffers[tensor.buffer].range.isEmpty || (tensor.buffer != 0 && tensor.shape.contains(0))
    }

    func validateTensors(of index: Int) throws(Fault) {
        for (position, tensor) in subgraphs[index].tensors.enumerated() {
            do throws(Fault) {
                try validate(tensor)
            } catch {
                throw error.within(place(tensor: position, subgraph: index))
            }
        }
    }

    private func validate(_ tensor: Tensor) throws(Fault) {
        guard buffers.indices.contains(tensor.buffer) else {
            throw Fault(
                .outOfBounds, at: "", "the tensor names a buffer that is not there", found: "\(tensor.buffer)",
                expected: "0..<\(buffers.count)")
        }
        try limits.check(.rank, max(tensor.shape.count, tensor.signature.count), "the tensor has too many axes")
        let shape = try Shape(tensor.shape)
        guard shape.elementCount <= TFLiteFile.maximumElementCount else {
            throw Fault(
                .limitExceeded, at: "", "the tensor has too many elements", found: "shape \(shape)",
                expected: "at most \(TFLiteFile.maximumElementCount)")
        }
        guard tensor.signature.count == tensor.shape.count, tensor.signature.allSatisfy({ $0 >= -1 }) else {
            throw Fault(
                .malformedTFLite, at: "", "the tensor's shape signature does not fit its shape",
                found: "\(tensor.signature)", expected: "\(tensor.shape)")
        }
        if isConstant(tensor), let expected = tensor.type.byteCount(shape.elementCount), !tensor.isSparse {
            let byteCount = buffers[tensor.buffer].range.count
            guard byteCount == expected else {
                throw Fault(
                    .sizeMismatch, at: "", "buffer \(tensor.buffer) does not fit the tensor's shape and type",
                    found: "\(byteCount) bytes",
                    expected: "\(expected) bytes for \(tensor.type.name) \(shape)")
            }
        }
        if let quantization = tensor.quantization {
            do throws(Fault) {
                try validate(quantization, of: tensor)
            } catch {
                throw error.within("quantization")
            }
        }
    }

    private func validate(_ quantization: Quantization, of tensor: Tensor) throws(Fault) {
        let shape = tensor.shape
        guard quantization.scales.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw Fault(.notFinite, at: "", "a scale is negative or not finite")
        }
        let count = quantization.scales.count
        if count > 1 {
            guard shape.indices.contains(quantization.axis), shape[quantization.axis] == count else {
                throw Fault(
                    .shapeMismatch, at: "", "the number of scales does not fit the quantized axis",
                    found: "\(count) on axis \(quantization.axis)", expected: "shape \(shape)")
            }
        }
        let zeroPoints = quantization.zeroPoints.count
        guard zeroPoints == 0 || zeroPoints == 1 || zeroPoints == count else {
            throw Fault(
                .sizeMismatch, at: "", "the number of zero points does not fit the number of scales",
                found: "\(zeroPoints)", expected: "\(count)")
        }
        let range: ClosedRange<Int64> =
            switch tensor.type.elementType {
            case .int8: -128...127
            case .uint8: 0...255
            case .int16: -32768...32767
            default: Int64(Int32.min)...Int64(Int32.max)
            }
        if let wrong = quantization.zeroPoints.first(where: { !range.contains($0) }) {
            throw Fault(
                .invalidValue, at: "", "a zero point is out of range", found: "\(wrong)",
                expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
