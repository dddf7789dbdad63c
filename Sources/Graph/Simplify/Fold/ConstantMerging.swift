import EmotionFormerCore

extension SimplifierPass {
    /// Two successive additions of, or multiplications by, constants → one.
    static let mergeConstants = SimplifierPass("mergeConstants", at: .add, .multiply) {
        rewriter, index, node throws(Fault) in
        guard let inner = node.input(0), rewriter.isUsedOnce(inner),
            let before = rewriter.producing(inner, node.operation), let input = before.input(0),
            rewriter.constant(input) == nil, let first = before.input(1), let second = node.input(1),
            rewriter.shape(of: input) == rewriter.shape(of: node.outputs[0]),
            rewriter.constant(first) != nil, rewriter.constant(second) != nil,
            let shape = try? Shape.broadcast(rewriter.shape(of: first), rewriter.shape(of: second)),
            rewriter.mayCompute(elementCount: shape.elementCount), let firstNumbers = rewriter.numbers(first),
            let secondNumbers = rewriter.numbers(second)
        else { return }
        let left = try firstNumbers.broadcast(rewriter.shape(of: first), to: shape)
        let right = try secondNumbers.broadcast(rewriter.shape(of: second), to: shape)
        let isSum = node.operation == .add
        let merged = zip(left, right).map {
            isSum ? Float(Double($0) + Double($1)) : Float(Double($0) * Double($1))
        }
        guard merged.allSatisfy(\.isFinite) else { return }
        let constant = rewriter.addConstant(named: "\(node.name)/constant", try Tensor(merged, shape: shape))
        rewriter.replace(index, with: node.operation, inputs: [input, constant])
    }
}

extension [Float] {
    /// The elements of an array, broadcast to another shape.
    fileprivate func broadcast(_ shape: Shape, to target: Shape) throws(Fault) -> [Float] {
        if shape == target { return self }
        let strides = try shape.strides(broadcastTo: target)
        var result: [Float] = []
        result.reserveCapacity(target.elementCount)
        var position = [Int](repeating: 0, count: target.rank)
        for _ in 0..<target.elementCount {
            result.append(self[zip(position, strides).reduce(0) { $0 + $1.0 * $1.1 }])
            for axis in stride(from: target.rank - 1, through: 0, by: -1) {
                position[axis] += 1
                if position[axis] < target[axis] { break }
                position[axis] = 0
            }
        }
        return result
    }
}
