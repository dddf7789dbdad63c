import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    /// identity, reshape, expandDimensions, squeeze: the operand's memory as it is.
    mutating func appendAlias(_ node: TypedGraph.Node) throws(Fault) {
        alias(try output(node), to: try operand(node, 0))
    }

    mutating func appendTranspose(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let permutation = try node.attributes.integers("permutation")
        let extents = shape(input).extents
        let moved = permutation.filter { extents[$0] != 1 }
        // Axes of extent 1 can be anywhere.
        if moved == moved.sorted() { return alias(output, to: input) }
        let strides = shape(input).strides
        try appendCopy(
            node, from: input, to: output,
            CopyRegion(
                extents: shape(output).extents, inputStrides: permutation.map { strides[$0] },
                outputStrides: shape(output).strides))
    }

    mutating func appendReverse(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let shape = shape(input)
        var strides = shape.strides
        var start = 0
        for axis in try resolved(node.attributes.integers("axes"), in: shape) where shape[axis] > 0 {
            start += (shape[axis] - 1) * strides[axis]
            strides[axis] = -strides[axis]
        }
        try appendCopy(
            node, from: input, to: try output(node),
            CopyRegion(
                extents: shape.extents, inputStart: start, inputStrides: strides, outputStrides: shape.strides))
    }

    mutating func appendBroadcast(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        if shape(input).elementCount == shape(output).elementCount { return alias(output, to: input) }
        try appendCopy(
            node, from: input, to: output,
            CopyRegion(
                extents: shape(output).extents, inputStrides: try shape(input).strides(broadcastTo: shape(output)),
                outputStrides: shape(output).strides))
    }

    /// Each axis becomes two: the repetitions, with a stride of 0, and the axis itself.
    mutating func appendTile(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        let own = shape(input).extents
        guard shape(output).elementCount > 0 else { return }
        var region = CopyRegion(extents: [], inputStrides: [], outputStrides: [])
        for axis in own.indices {
            let inputStride = shape(input).strides[axis]
            let outputStride = shape(output).strides[axis]
            region.extents += [shape(output)[axis] / own[axis], own[axis]]
            region.inputStrides += [0, inputStride]
            region.outputStrides += [own[axis] * outputStride, outputStride]
        }
        try appendCopy(node, from: input, to: output, region)
    }

    /// concatenate and pack: each operand goes to its place in the output.
    mutating func appendConcatenation(_ node: TypedGraph.Node) throws(Fault) {
        let output = try output(node)
        let shape = shape(output)
        let axis = try shape.axis(node.attributes.integer("axis"))
        let rows = shape.elementCount(of: 0..<axis)
        let width = shape.elementCount(of: axis..<shape.rank)
        var start = 0
        for input in node.inputs.compactMap(\.self) {
            let count = rows == 0 ? 0 : self.shape(input).elementCount / rows
            try appendCopy(
                node, from: input, to: output,
                CopyRegion(
                    extents: [rows, count], inputStrides: [count, 1], outputStart: start, outputStrides: [width, 1],
                    alignedRows: rows))
            start += count
        }
    }

    /// split, splitSizes and unpack: each output comes from its place in the operand.
    mutating func appendSplit(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let shape = shape(input)
        let axis = try shape.axis(node.attributes.integer("axis"))
        let rows = shape.elementCount(of: 0..<axis)
        let width = shape.elementCount(of: axis..<shape.rank)
        var start = 0
        for output in node.outputs {
            let count = rows == 0 ? 0 : self.shape(output).elementCount / rows
            try appendCopy(
                node, from: input, to: output,
                CopyRegion(
                    extents: [rows, count], inputStart: start, inputStrides: [width, 1], outputStrides: [count, 1],
                    alignedRows: rows))
            start += count
        }
    }

    /// Axes counted from the front.
    func resolved(_ axes: [Int], in shape: Shape) throws(Fault) -> [Int] {
        var result: [Int] = []
        for axis in axes { result.append(try shape.axis(axis)) }
        return result
    }
}
