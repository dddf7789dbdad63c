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
            combineFractions(operation, left, leftStep, right, rightStep, result, count)
        }
        return true
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

    /// In blocks that stay in the first-level cache, because the kernel looks for NaN apart.
    public static func _extreme(_ row: UnsafePointer<Float>, _ step: Int, _ count: Int, isLargest: Bool) -> Float {
        if step != 1 {
            var (place, best) = (0, row[0])
            for index in 0..<count where !best.isNaN {
                let element = row[index &* step]
                if element.isNaN || (isLargest ? element > best : element < best) { (place, best) = (index, element) }
            }
            return row[place &* step]
        }
        let block = 2048
        var result: Float = 0
        var first = 0
        while first < count {
            var best: Float = 0
            Processor.kernels.reduceRows(
                isLargest ? .maximum : .minimum, row + first, 0, &best, 1, min(block, count &- first))
            if best.isNaN { return best }
            result = first == 0 || (isLargest ? best > result : best < result) ? best : result
            first &+= block
        }
        return result
    }

    public static func _placeOfExtreme(
        _ row: UnsafePointer<Float>, _ step: Int, _ count: Int, isLargest: Bool
    ) -> Int {
        let best = _extreme(row, step, count, isLargest: isLargest)
        var place = 0
        if best.isNaN {
            while place &+ 1 < count && !row[place &* step].isNaN { place &+= 1 }
        } else {
            while place &+ 1 < count && row[place &* step] != best { place &+= 1 }
        }
        return place
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
