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
        let strides = self.shape.strides
        let size = elementType.byteCount
        return Tensor(elementType, shape) { target in
            withUnsafeBytes { source in
                for index in 0..<shape.elementCount {
                    var rest = index
                    var offset = 0
                    for axis in stride(from: cut.count - 1, through: 0, by: -1) {
                        offset += rest % cut[axis] * strides[axis]
                        rest /= cut[axis]
                    }
                    for byte in 0..<size { target[index * size + byte] = source[offset * size + byte] }
                }
            }
        }
    }
}
