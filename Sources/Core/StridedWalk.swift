/// A walk through several arrays of one shape at once: rows along the innermost axis, in order.
///
/// Neighboring axes that lie in memory like one axis, in all arrays, are one. So contiguous arrays are a single row, and
/// what happens for every row happens seldom.
package struct StridedWalk {
    /// Elements of a row; 0 if the shape has none.
    package let count: Int
    /// From one element of a row to the next, for each array.
    package let steps: [Int]
    private let outerExtents: [Int]
    /// For each array, the strides of the outer axes.
    private let outerStrides: [[Int]]
    private let offsets: [Int]

    /// - Parameter layouts: at least one, all of the same shape.
    package init(_ layouts: [StridedLayout]) {
        let shape = layouts[0].shape
        offsets = layouts.map(\.offset)
        var extents: [Int] = []
        var strides = layouts.map { _ in [Int]() }
        for axis in 0..<shape.rank where shape[axis] != 1 {
            let joins =
                !extents.isEmpty
                && layouts.indices.allSatisfy {
                    strides[$0][extents.count - 1] == layouts[$0].strides[axis] &* shape[axis]
                }
            if joins {
                extents[extents.count - 1] &*= shape[axis]
                for index in layouts.indices { strides[index][extents.count - 1] = layouts[index].strides[axis] }
            } else {
                extents.append(shape[axis])
                for index in layouts.indices { strides[index].append(layouts[index].strides[axis]) }
            }
        }
        if shape.elementCount == 0 {
            count = 0
            steps = layouts.map { _ in 1 }
        } else if let last = extents.popLast() {
            count = last
            steps = strides.indices.map { strides[$0].removeLast() }
        } else {
            count = 1
            steps = layouts.map { _ in 1 }
        }
        outerExtents = extents
        outerStrides = strides
    }

    /// Calls `body` for each row with the index of its first element in the one array.
    package func forEachRow(_ body: (_ first: Int) -> Void) {
        visit { body($0[0]) }
    }

    /// Calls `body` for each row with the index of its first element in each of two arrays.
    package func forEachPair(_ body: (_ first: Int, _ second: Int) -> Void) {
        visit { body($0[0], $0[1]) }
    }

    /// Calls `body` for each row with the index of its first element in each of three arrays.
    package func forEachTriple(_ body: (_ first: Int, _ second: Int, _ third: Int) -> Void) {
        visit { body($0[0], $0[1], $0[2]) }
    }

    /// Calls `body` for each row with the index of its first element in each of four arrays.
    package func forEachQuadruple(_ body: (_ first: Int, _ second: Int, _ third: Int, _ fourth: Int) -> Void) {
        visit { body($0[0], $0[1], $0[2], $0[3]) }
    }

    private func visit(_ body: (UnsafeMutablePointer<Int>) -> Void) {
        guard count > 0 else { return }
        let (arrays, rank) = (offsets.count, outerExtents.count)
        withUnsafeTemporaryAllocation(of: Int.self, capacity: arrays + rank) { memory in
            guard let places = memory.baseAddress else { return }
            let indices = places + arrays
            for array in 0..<arrays { places[array] = offsets[array] }
            for axis in 0..<rank { indices[axis] = 0 }
            while true {
                body(places)
                var axis = rank - 1
                while axis >= 0 {
                    indices[axis] += 1
                    for array in 0..<arrays { places[array] += outerStrides[array][axis] }
                    if indices[axis] < outerExtents[axis] { break }
                    for array in 0..<arrays { places[array] -= outerStrides[array][axis] * outerExtents[axis] }
                    indices[axis] = 0
                    axis -= 1
                }
                if axis < 0 { return }
            }
        }
    }
}
