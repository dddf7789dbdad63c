/// A type of numbers that the elements of a ``Tensor`` can have.
///
/// Whole numbers wrap around where a result does not fit, as NumPy's do.
public protocol TensorNumber: TensorScalar, Numeric, Comparable {
    /// The type of sums and products of many elements: `Int64` for whole numbers, otherwise the type itself.
    associatedtype Sum: TensorNumber

    /// - Returns: false if a whole number was divided by 0.
    static func _combine(
        _ operation: _PairOperation, _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>,
        _ rightStep: Int, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) -> Bool
    static func _compare(
        _ order: _Order, _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int,
        _ result: UnsafeMutablePointer<Bool>, _ count: Int)
    static func _map(
        _ operation: _NumberOperation, _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Self>,
        _ count: Int)
    /// The sum of the elements' squares if `squares`.
    static func _sum(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int, squares: Bool) -> Sum
    static func _product(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int) -> Sum
    /// Adds the elements of some rows, or their squares, to the sums below each other.
    static func _addRows(
        _ first: UnsafePointer<Self>, _ rowStep: Int, _ rows: Int, _ sums: UnsafeMutablePointer<Sum>, _ count: Int,
        squares: Bool)
    /// The largest or the smallest element, or NaN if there is one; `count` ≥ 1.
    static func _extreme(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int, isLargest: Bool) -> Self
    /// The place of the first one of these.
    static func _placeOfExtreme(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int, isLargest: Bool) -> Int
    /// Sums from the first element on.
    static func _sumUp(
        _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Sum>, _ resultStep: Int, _ count: Int)
    /// The product of an m × k and a k × n matrix.
    static func _multiply(_ product: _MatrixProduct<Self>)
    static func _widen(_ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Double>, _ count: Int)
    static func _widen(_ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Int64>, _ count: Int)
    /// - Returns: the first number that the type cannot hold, or nil.
    static func _narrow(_ row: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Self>, _ count: Int) -> Int?
    static func _narrow(_ row: UnsafePointer<Int64>, _ result: UnsafeMutablePointer<Self>, _ count: Int) -> Int?
    static var _isWhole: Bool { get }
    var _isNaN: Bool { get }
}

/// Operations of two numbers.
public enum _PairOperation: Sendable {
    case add, subtract, multiply, divide, maximum, minimum
}

/// Operations of one number that any type of numbers has.
public enum _NumberOperation: Sendable {
    case negate, magnitude, square, sign, relu
}

/// An order that two elements may have.
public enum _Order: Sendable {
    case less, lessOrEqual, greater, greaterOrEqual
}

/// C = A·B; strides count elements and may be any.
public struct _MatrixProduct<Scalar> {
    var a: UnsafePointer<Scalar>
    var aRowStride: Int
    var aColumnStride: Int
    var b: UnsafePointer<Scalar>
    var bRowStride: Int
    var bColumnStride: Int
    /// Rows `n` apart.
    var c: UnsafeMutablePointer<Scalar>
    var m: Int
    var k: Int
    var n: Int
}

extension TensorNumber {
    public static func _compare(
        _ order: _Order, _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int,
        _ result: UnsafeMutablePointer<Bool>, _ count: Int
    ) {
        switch order {
        case .less: pairs(left, leftStep, right, rightStep, result, count) { $0 < $1 }
        case .lessOrEqual: pairs(left, leftStep, right, rightStep, result, count) { $0 <= $1 }
        case .greater: pairs(left, leftStep, right, rightStep, result, count) { $0 > $1 }
        case .greaterOrEqual: pairs(left, leftStep, right, rightStep, result, count) { $0 >= $1 }
        }
    }
}

extension TensorNumber {
    public static func _extreme(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int, isLargest: Bool) -> Self {
        row[_placeOfExtreme(row, step, count, isLargest: isLargest) &* step]
    }

    public static func _placeOfExtreme(
        _ row: UnsafePointer<Self>, _ step: Int, _ count: Int, isLargest: Bool
    ) -> Int {
        var (place, best) = (0, row[0])
        for index in 0..<count {
            let element = row[index &* step]
            if element._isNaN { return index }
            if isLargest ? element > best : element < best { (place, best) = (index, element) }
        }
        return place
    }
}

extension TensorNumber {
    /// An operation of two numbers; not a division.
    func combined(_ operation: _PairOperation, _ other: Self) -> Self {
        var (left, right, result) = (self, other, self)
        _ = Self._combine(operation, &left, 0, &right, 0, &result, 1)
        return result
    }
}
