extension Shape {
    /// The shape that both broadcast to, by NumPy's rule: shapes align at the last axis, and an extent of 1 stretches.
    /// - Throws: `shapeMismatch` if two aligned extents differ and neither is 1.
    package static func broadcast(_ first: Shape, _ second: Shape) throws(Fault) -> Shape {
        let rank = max(first.rank, second.rank)
        var extents = [Int](repeating: 1, count: rank)
        for index in 0..<rank {
            let a = index < rank - first.rank ? 1 : first[index - (rank - first.rank)]
            let b = index < rank - second.rank ? 1 : second[index - (rank - second.rank)]
            guard a == b || a == 1 || b == 1 else {
                throw Fault(
                    .shapeMismatch, at: "broadcast", "the shapes do not broadcast together",
                    found: "\(first) and \(second)")
            }
            extents[index] = a == 1 ? b : a
        }
        return try Shape(extents)
    }

    /// Strides with which a row-major tensor of this shape is read as if it had the shape `target`: 0 on stretched
    /// axes.
    /// - Throws: `shapeMismatch` if this shape does not broadcast to `target`.
    package func strides(broadcastTo target: Shape) throws(Fault) -> [Int] {
        let own = strides
        let offset = target.rank - rank
        guard offset >= 0 else {
            throw Fault(.shapeMismatch, at: "broadcast", "too many axes", found: "\(self)", expected: "\(target)")
        }
        var result = [Int](repeating: 0, count: target.rank)
        for axis in 0..<rank {
            if extents[axis] == target[axis + offset] {
                result[axis + offset] = extents[axis] == 1 ? 0 : own[axis]
            } else if extents[axis] != 1 {
                throw Fault(
                    .shapeMismatch, at: "broadcast", "the shape does not broadcast", found: "\(self)",
                    expected: "\(target)")
            }
        }
        return result
    }
}
