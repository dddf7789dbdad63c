extension Tensor {
    /// The elements with the lowest indices of each axis. What lies at the start of the memory is shared, not copied.
    /// - Parameter shape: as many axes as the tensor has, each at most as long.
    package func corner(_ shape: Shape) -> Tensor {
        let full = self.shape.extents
        let cut = shape.extents
        let first = cut.indices.first { cut[$0] != full[$0] }
        guard let first else { return self }
        let isPrefix = full[..<first].allSatisfy { $0 == 1 } && cut[(first + 1)...] == full[(first + 1)...]
        if isPrefix { return prefix(shape) }
        var layout = StridedLayout(self.shape)
        for axis in cut.indices {
            guard let part = try? layout.sliced(axis: axis, 0..<cut[axis]) else { return self }
            layout = part
        }
        let size = elementType.byteCount
        return Tensor(elementType, shape) { target in
            withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                let walk = StridedWalk([layout, StridedLayout(shape)])
                let isTogether = walk.steps[0] == 1 && walk.steps[1] == 1
                let (count, length) = isTogether ? (1, walk.count * size) : (walk.count, size)
                walk.forEachPair { (first: Int, second: Int) in
                    for index in 0..<count {
                        (to + (second + index * walk.steps[1]) * size)
                            .copyMemory(from: from + (first + index * walk.steps[0]) * size, byteCount: length)
                    }
                }
            }
        }
    }
}
