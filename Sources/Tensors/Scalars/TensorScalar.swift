/// A type that the elements of a ``Tensor`` can have: `Float`, `Double`, `Float16` where the platform has it, `Int8`,
/// `UInt8`, `Int32`, `Int64`, `Bool`. No other types can conform.
///
/// The requirements that begin with an underscore are loops over rows of elements, written once for each type, so that a
/// call of an operation leads to one call a row and none an element.
public protocol TensorScalar: BitwiseCopyable, Sendable, Equatable, Codable {
    /// NumPy's name of the type without its byte order: `f4`.
    static var _numPyName: String { get }
    static func _areEqual(
        _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int, _ count: Int
    ) -> Bool
    static func _compareForEquality(
        _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int,
        _ result: UnsafeMutablePointer<Bool>, _ count: Int, _ isEqual: Bool
    )
    static func _select(
        _ mask: UnsafePointer<Bool>, _ maskStep: Int, _ left: UnsafePointer<Self>, _ leftStep: Int,
        _ right: UnsafePointer<Self>, _ rightStep: Int, _ result: UnsafeMutablePointer<Self>, _ count: Int
    )
    /// The text of a tensor's elements, all in one format, as NumPy prints them.
    static func _texts(_ elements: [Self]) -> [String]
    /// The shortest text of one element.
    static func _text(_ element: Self) -> String
}

extension TensorScalar {
    public static func _text(_ element: Self) -> String { "\(element)" }

    public static func _areEqual(
        _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int, _ count: Int
    ) -> Bool {
        for index in 0..<count where left[index &* leftStep] != right[index &* rightStep] { return false }
        return true
    }

    public static func _compareForEquality(
        _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int,
        _ result: UnsafeMutablePointer<Bool>, _ count: Int, _ isEqual: Bool
    ) {
        pairs(left, leftStep, right, rightStep, result, count) { ($0 == $1) == isEqual }
    }

    public static func _select(
        _ mask: UnsafePointer<Bool>, _ maskStep: Int, _ left: UnsafePointer<Self>, _ leftStep: Int,
        _ right: UnsafePointer<Self>, _ rightStep: Int, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) {
        for index in 0..<count {
            result[index] = mask[index &* maskStep] ? left[index &* leftStep] : right[index &* rightStep]
        }
    }
}

/// One loop for two rows, with the steps that matter for speed known to the compiler.
@inline(__always)
func pairs<Element, Result>(
    _ left: UnsafePointer<Element>, _ leftStep: Int, _ right: UnsafePointer<Element>, _ rightStep: Int,
    _ result: UnsafeMutablePointer<Result>, _ count: Int, _ body: (Element, Element) -> Result
) {
    if leftStep == 1 && rightStep == 1 {
        for index in 0..<count { result[index] = body(left[index], right[index]) }
    } else if leftStep == 1 && rightStep == 0 && count > 0 {
        let scalar = right[0]
        for index in 0..<count { result[index] = body(left[index], scalar) }
    } else if leftStep == 0 && rightStep == 1 && count > 0 {
        let scalar = left[0]
        for index in 0..<count { result[index] = body(scalar, right[index]) }
    } else {
        for index in 0..<count { result[index] = body(left[index &* leftStep], right[index &* rightStep]) }
    }
}

/// One loop for one row.
@inline(__always)
func mapped<Element, Result>(
    _ row: UnsafePointer<Element>, _ step: Int, _ result: UnsafeMutablePointer<Result>, _ count: Int,
    _ body: (Element) -> Result
) {
    if step == 1 {
        for index in 0..<count { result[index] = body(row[index]) }
    } else {
        for index in 0..<count { result[index] = body(row[index &* step]) }
    }
}

extension Bool: TensorScalar {
    public static var _numPyName: String { "b1" }
    public static func _text(_ element: Bool) -> String { element ? "True" : "False" }
    public static func _texts(_ elements: [Bool]) -> [String] {
        NumberText.aligned(elements.map { $0 ? " True" : "False" })
    }
}
