extension Int8: TensorNumber {
    public typealias Sum = Int64
    public static var _numPyName: String { "i1" }
}
extension UInt8: TensorNumber {
    public typealias Sum = Int64
    public static var _numPyName: String { "u1" }
}
extension Int32: TensorNumber {
    public typealias Sum = Int64
    public static var _numPyName: String { "i4" }
}
extension Int64: TensorNumber {
    public typealias Sum = Int64
    public static var _numPyName: String { "i8" }
}

extension TensorNumber where Self: FixedWidthInteger, Sum == Int64 {
    public static var _isWhole: Bool { true }
    public var _isNaN: Bool { false }

    public static func _texts(_ elements: [Self]) -> [String] { NumberText.aligned(elements.map { "\($0)" }) }

    public static func _combine(
        _ operation: _PairOperation, _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>,
        _ rightStep: Int, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) -> Bool {
        switch operation {
        case .add: pairs(left, leftStep, right, rightStep, result, count) { $0 &+ $1 }
        case .subtract: pairs(left, leftStep, right, rightStep, result, count) { $0 &- $1 }
        case .multiply: pairs(left, leftStep, right, rightStep, result, count) { $0 &* $1 }
        case .divide:
            for index in 0..<count where right[index &* rightStep] == 0 { return false }
            pairs(left, leftStep, right, rightStep, result, count) { $0.dividedReportingOverflow(by: $1).partialValue }
        case .maximum: pairs(left, leftStep, right, rightStep, result, count) { $0 > $1 ? $0 : $1 }
        case .minimum: pairs(left, leftStep, right, rightStep, result, count) { $0 < $1 ? $0 : $1 }
        }
        return true
    }

    public static func _map(
        _ operation: _NumberOperation, _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Self>,
        _ count: Int
    ) {
        switch operation {
        case .negate: mapped(row, step, result, count) { 0 &- $0 }
        case .magnitude: mapped(row, step, result, count) { $0 < 0 ? 0 &- $0 : $0 }
        case .square: mapped(row, step, result, count) { $0 &* $0 }
        case .sign: mapped(row, step, result, count) { $0.signum() }
        case .relu: mapped(row, step, result, count) { $0 < 0 ? 0 : $0 }
        }
    }

    public static func _sum(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int, squares: Bool) -> Int64 {
        var total: Int64 = 0
        if squares {
            for index in 0..<count { total &+= Int64(row[index &* step]) &* Int64(row[index &* step]) }
        } else {
            for index in 0..<count { total &+= Int64(row[index &* step]) }
        }
        return total
    }

    public static func _product(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int) -> Int64 {
        var total: Int64 = 1
        for index in 0..<count { total &*= Int64(row[index &* step]) }
        return total
    }

    public static func _addRows(
        _ first: UnsafePointer<Self>, _ rowStep: Int, _ rows: Int, _ sums: UnsafeMutablePointer<Int64>, _ count: Int,
        squares: Bool
    ) {
        for index in 0..<rows {
            let row = first + index &* rowStep
            if squares {
                for column in 0..<count { sums[column] &+= Int64(row[column]) &* Int64(row[column]) }
            } else {
                for column in 0..<count { sums[column] &+= Int64(row[column]) }
            }
        }
    }

    public static func _sumUp(
        _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Int64>, _ resultStep: Int, _ count: Int
    ) {
        var total: Int64 = 0
        for index in 0..<count {
            total &+= Int64(row[index &* step])
            result[index &* resultStep] = total
        }
    }

    public static func _multiply(_ product: _MatrixProduct<Self>) {
        product.c.update(repeating: 0, count: product.m &* product.n)
        for row in 0..<product.m {
            let sums = product.c + row &* product.n
            for term in 0..<product.k {
                let factor = product.a[row &* product.aRowStride &+ term &* product.aColumnStride]
                let other = product.b + term &* product.bRowStride
                for column in 0..<product.n {
                    sums[column] &+= factor &* other[column &* product.bColumnStride]
                }
            }
        }
    }

    public static func _widen(
        _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        mapped(row, step, result, count) { Double($0) }
    }

    public static func _widen(
        _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Int64>, _ count: Int
    ) {
        mapped(row, step, result, count) { Int64($0) }
    }

    public static func _narrow(
        _ row: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) -> Int? {
        for index in 0..<count {
            guard let number = Self(exactly: row[index].rounded(.towardZero)) else { return index }
            result[index] = number
        }
        return nil
    }

    public static func _narrow(
        _ row: UnsafePointer<Int64>, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) -> Int? {
        for index in 0..<count {
            guard let number = Self(exactly: row[index]) else { return index }
            result[index] = number
        }
        return nil
    }
}
