import EmotionFormerCore
import EmotionFormerKernels

/// The kernels of this processor's level.
enum Processor {
    static let kernels = KernelSet.kernels(for: .preferred)
}

/// What the processor's vector kernels do for 32-bit numbers; everything else is done as for the other types.
extension Float: TensorFloat {
    public typealias Sum = Float
    public static var _numPyName: String { "f4" }

    public static func _combine(
        _ operation: _PairOperation, _ left: UnsafePointer<Float>, _ leftStep: Int, _ right: UnsafePointer<Float>,
        _ rightStep: Int, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Bool {
        let vector: BinaryOperation? =
            switch operation {
            case .add: .add
            case .subtract: .subtract
            case .multiply: .multiply
            case .divide: .divide
            case .maximum, .minimum: nil
            }
        if let vector, leftStep == 1, rightStep == 1 {
            Processor.kernels.binary(vector, left, right, result, count)
        } else if let vector, leftStep == 1, rightStep == 0 {
            Processor.kernels.binaryScalar(vector, left, right[0], false, result, count)
        } else if let vector, leftStep == 0, rightStep == 1 {
            Processor.kernels.binaryScalar(vector, right, left[0], true, result, count)
        } else {
            combinePlainly(operation, left, leftStep, right, rightStep, result, count)
        }
        return true
    }

    private static func combinePlainly(
        _ operation: _PairOperation, _ left: UnsafePointer<Float>, _ leftStep: Int, _ right: UnsafePointer<Float>,
        _ rightStep: Int, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        switch operation {
        case .add: pairs(left, leftStep, right, rightStep, result, count) { $0 + $1 }
        case .subtract: pairs(left, leftStep, right, rightStep, result, count) { $0 - $1 }
        case .multiply: pairs(left, leftStep, right, rightStep, result, count) { $0 * $1 }
        case .divide: pairs(left, leftStep, right, rightStep, result, count) { $0 / $1 }
        case .maximum: pairs(left, leftStep, right, rightStep, result, count) { $0 >= $1 || $0.isNaN ? $0 : $1 }
        case .minimum: pairs(left, leftStep, right, rightStep, result, count) { $0 <= $1 || $0.isNaN ? $0 : $1 }
        }
    }

    /// In blocks whose sums are added in double precision: the error hardly grows with the number of elements.
    public static func _sum(_ row: UnsafePointer<Float>, _ step: Int, _ count: Int, squares: Bool) -> Float {
        var total = 0.0
        if squares {
            for index in 0..<count { total += Double(row[index &* step]) * Double(row[index &* step]) }
            return Float(total)
        }
        guard step == 1 else {
            for index in 0..<count { total += Double(row[index &* step]) }
            return Float(total)
        }
        let block = 1024
        var first = 0
        while first < count {
            var sum: Float = 0
            Processor.kernels.reduceRows(.sum, row + first, 0, &sum, 1, min(block, count &- first))
            total += Double(sum)
            first &+= block
        }
        return Float(total)
    }

    public static func _addRow(
        _ row: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ count: Int, squares: Bool
    ) {
        if squares {
            for index in 0..<count { sums[index] += row[index] * row[index] }
        } else {
            Processor.kernels.binary(.add, row, UnsafePointer(sums), sums, count)
        }
    }

    public static func _extreme(_ row: UnsafePointer<Float>, _ step: Int, _ count: Int, isLargest: Bool) -> Float {
        guard step == 1 else { return row[_placeOfExtreme(row, step, count, isLargest: isLargest) &* step] }
        var result: Float = 0
        Processor.kernels.reduceRows(isLargest ? .maximum : .minimum, row, 0, &result, 1, count)
        return result
    }

    public static func _multiply(_ product: _MatrixProduct<Float>) { FloatProduct.multiply(product) }

    public static func _apply(
        _ function: _FloatFunction, _ row: UnsafePointer<Float>, _ step: Int, _ result: UnsafeMutablePointer<Float>,
        _ count: Int
    ) {
        // Those that are within two units in the last place.
        let vector: UnaryOperation? =
            switch function {
            case .exponential: .exponential
            case .logarithm: .logarithm
            case .squareRoot: .squareRoot
            default: nil
            }
        if let vector, step == 1 {
            Processor.kernels.unary(vector, row, result, count, 0, 0)
        } else {
            for index in 0..<count { result[index] = Float(function(Double(row[index &* step]))) }
        }
    }

    public static func _softmax(
        _ input: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int,
        isLogarithm: Bool
    ) {
        guard rows > 0, columns > 0 else { return }
        if isLogarithm {
            Processor.kernels.logSoftmax(input, columns, result, columns, rows, columns)
        } else {
            Processor.kernels.softmax(input, columns, result, columns, rows, columns)
        }
    }

    public static func _normalize(
        _ input: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int,
        epsilon: Float
    ) {
        guard rows > 0, columns > 0 else { return }
        Processor.kernels.layerNormalization(
            RowNormalization(
                input: input, inputStride: columns, output: result, outputStride: columns, gamma: nil, beta: nil,
                epsilon: epsilon, rows: rows, columns: columns))
    }
}
