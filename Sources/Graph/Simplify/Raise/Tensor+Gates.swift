import EmotionFormerCore

/// Kernels of recurrent layers, in which each gate has a block of columns.
extension Tensor {
    /// Matrices (units, rows), one for each gate, as one of shape (rows, gates · units).
    static func columns(_ gates: [[Float]], rows: Int, units: Int) throws(Fault) -> Tensor {
        let width = gates.count * units
        var result = [Float](repeating: 0, count: rows * width)
        for (gate, numbers) in gates.enumerated() {
            for unit in 0..<units {
                for row in 0..<rows { result[row * width + gate * units + unit] = numbers[unit * rows + row] }
            }
        }
        return try Tensor(result, shape: Shape([rows, width]))
    }

    /// The blocks of `units` columns of a matrix in another order.
    func gates(_ positions: [Int], units: Int) -> Tensor? {
        guard shape.rank == 2, shape[1] == positions.count * units, let numbers = elements(as: Float.self) else {
            return nil
        }
        var result: [Float] = []
        result.reserveCapacity(numbers.count)
        for row in 0..<shape[0] {
            for position in positions {
                let first = row * shape[1] + position * units
                result += numbers[first..<(first + units)]
            }
        }
        return try? Tensor(result, shape: shape)
    }
}
