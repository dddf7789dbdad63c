import EmotionFormerSystem

/// A type of floating-point numbers that the elements of a ``Tensor`` can have: `Float`, `Double`, `Float16`.
public protocol TensorFloat: TensorNumber, BinaryFloatingPoint where Sum == Self {
    static func _apply(
        _ function: _FloatFunction, _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Self>,
        _ count: Int)
    static func _raise(
        _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int,
        _ result: UnsafeMutablePointer<Self>, _ count: Int)
    /// softmax(row), or its logarithm, of `rows` rows that lie one after the other.
    static func _softmax(
        _ input: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int,
        isLogarithm: Bool)
    /// (row − mean)/√(variance + epsilon) of `rows` rows that lie one after the other.
    static func _normalize(
        _ input: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int,
        epsilon: Self)
}

/// Functions of one floating-point number.
public enum _FloatFunction: Sendable, CaseIterable {
    case exponential, exponentialMinusOne, logarithm, logarithmOfOnePlus, binaryLogarithm, decimalLogarithm
    case squareRoot, reciprocal
    case sine, cosine, tangent, arcSine, arcCosine, arcTangent, hyperbolicSine, hyperbolicCosine, hyperbolicTangent
    case sigmoid, errorFunction, gelu, geluTanh, silu, softplus, elu
    case floor, ceiling, rounded, truncated
}

extension _FloatFunction {
    /// The function in double precision.
    @inline(__always)
    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .exponential: exp(x)
        case .exponentialMinusOne: expm1(x)
        case .logarithm: log(x)
        case .logarithmOfOnePlus: log1p(x)
        case .binaryLogarithm: log2(x)
        case .decimalLogarithm: log10(x)
        case .squareRoot: x.squareRoot()
        case .reciprocal: 1 / x
        case .sine: sin(x)
        case .cosine: cos(x)
        case .tangent: tan(x)
        case .arcSine: asin(x)
        case .arcCosine: acos(x)
        case .arcTangent: atan(x)
        case .hyperbolicSine: sinh(x)
        case .hyperbolicCosine: cosh(x)
        case .hyperbolicTangent: tanh(x)
        case .sigmoid: x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
        case .errorFunction: erf(x)
        // x · ½ · erfc(−x/√2): no digits are lost where the result is small. −∞ is a limit.
        case .gelu: x == -.infinity ? 0 : x * 0.5 * erfc(-x * 0.5.squareRoot())
        case .geluTanh:
            x == -.infinity ? 0 : x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .silu: x == -.infinity ? 0 : x / (1 + exp(-x))
        case .softplus: x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
        case .elu: x > 0 ? x : expm1(x)
        case .floor: x.rounded(.down)
        case .ceiling: x.rounded(.up)
        case .rounded: x.rounded(.toNearestOrEven)
        case .truncated: x.rounded(.towardZero)
        }
    }
}

extension TensorFloat {
    public static var _isWhole: Bool { false }
    public var _isNaN: Bool { isNaN }

    public static func _texts(_ elements: [Self]) -> [String] { NumberText.of(elements) }

    public static func _combine(
        _ operation: _PairOperation, _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>,
        _ rightStep: Int, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) -> Bool {
        combineFractions(operation, left, leftStep, right, rightStep, result, count)
        return true
    }

    public static func _map(
        _ operation: _NumberOperation, _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Self>,
        _ count: Int
    ) {
        switch operation {
        case .negate: mapped(row, step, result, count) { -$0 }
        case .magnitude: mapped(row, step, result, count) { $0.magnitude }
        case .square: mapped(row, step, result, count) { $0 * $0 }
        case .sign: mapped(row, step, result, count) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
        case .relu: mapped(row, step, result, count) { $0 < 0 ? 0 : $0 }
        }
    }

    /// In blocks whose sums are added in double precision: the error does not grow with the number of elements.
    public static func _sum(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int, squares: Bool) -> Self {
        var total = 0.0
        for index in 0..<count {
            let element = Double(row[index &* step])
            total += squares ? element * element : element
        }
        return Self(total)
    }

    public static func _product(_ row: UnsafePointer<Self>, _ step: Int, _ count: Int) -> Self {
        var total = 1.0
        for index in 0..<count { total *= Double(row[index &* step]) }
        return Self(total)
    }

    public static func _addRows(
        _ first: UnsafePointer<Self>, _ rowStep: Int, _ rows: Int, _ sums: UnsafeMutablePointer<Self>, _ count: Int,
        squares: Bool
    ) {
        var index = 0
        // Four at a time: the sums are read and written once for them.
        while !squares && index &+ 4 <= rows {
            let (a, b) = (first + index &* rowStep, first + (index &+ 1) &* rowStep)
            let (c, d) = (first + (index &+ 2) &* rowStep, first + (index &+ 3) &* rowStep)
            for column in 0..<count { sums[column] += (a[column] + b[column]) + (c[column] + d[column]) }
            index &+= 4
        }
        while index < rows {
            let row = first + index &* rowStep
            if squares {
                for column in 0..<count { sums[column] += row[column] * row[column] }
            } else {
                for column in 0..<count { sums[column] += row[column] }
            }
            index &+= 1
        }
    }

    public static func _sumUp(
        _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Self>, _ resultStep: Int, _ count: Int
    ) {
        var total = 0.0
        for index in 0..<count {
            total += Double(row[index &* step])
            result[index &* resultStep] = Self(total)
        }
    }

    public static func _multiply(_ product: _MatrixProduct<Self>) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: max(product.n, 1)) { sums in
            for row in 0..<product.m {
                sums.update(repeating: 0)
                for term in 0..<product.k {
                    let factor = Double(product.a[row &* product.aRowStride &+ term &* product.aColumnStride])
                    let other = product.b + term &* product.bRowStride
                    if product.bColumnStride == 1 {
                        for column in 0..<product.n { sums[column] += factor * Double(other[column]) }
                    } else {
                        for column in 0..<product.n {
                            sums[column] += factor * Double(other[column &* product.bColumnStride])
                        }
                    }
                }
                for column in 0..<product.n { product.c[row &* product.n &+ column] = Self(sums[column]) }
            }
        }
    }

    public static func _widen(
        _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        mapped(row, step, result, count) { Double($0) }
    }

    /// Never asked for: fractions are widened to double precision.
    public static func _widen(
        _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Int64>, _ count: Int
    ) {
        mapped(row, step, result, count) { Int64(exactly: $0.rounded(.towardZero)) ?? 0 }
    }

    public static func _narrow(
        _ row: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) -> Int? {
        for index in 0..<count { result[index] = Self(row[index]) }
        return nil
    }

    public static func _narrow(
        _ row: UnsafePointer<Int64>, _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) -> Int? {
        for index in 0..<count { result[index] = Self(row[index]) }
        return nil
    }

    public static func _apply(
        _ function: _FloatFunction, _ row: UnsafePointer<Self>, _ step: Int, _ result: UnsafeMutablePointer<Self>,
        _ count: Int
    ) {
        for index in 0..<count { result[index] = Self(function(Double(row[index &* step]))) }
    }

    public static func _raise(
        _ left: UnsafePointer<Self>, _ leftStep: Int, _ right: UnsafePointer<Self>, _ rightStep: Int,
        _ result: UnsafeMutablePointer<Self>, _ count: Int
    ) {
        pairs(left, leftStep, right, rightStep, result, count) { Self(pow(Double($0), Double($1))) }
    }

    public static func _softmax(
        _ input: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int,
        isLogarithm: Bool
    ) {
        for row in 0..<rows {
            let from = input + row &* columns
            let to = result + row &* columns
            var largest = -Double.infinity
            for column in 0..<columns { largest = Double.maximum(largest, Double(from[column])) }
            var sum = 0.0
            for column in 0..<columns { sum += exp(Double(from[column]) - largest) }
            for column in 0..<columns {
                let shifted = Double(from[column]) - largest
                to[column] = Self(isLogarithm ? shifted - log(sum) : exp(shifted) / sum)
            }
        }
    }

    public static func _normalize(
        _ input: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int, epsilon: Self
    ) {
        for row in 0..<rows {
            let from = input + row &* columns
            let to = result + row &* columns
            var mean = 0.0
            for column in 0..<columns { mean += Double(from[column]) }
            mean /= Double(columns)
            var variance = 0.0
            for column in 0..<columns { variance += (Double(from[column]) - mean) * (Double(from[column]) - mean) }
            variance /= Double(columns)
            let factor = 1 / (variance + Double(epsilon)).squareRoot()
            for column in 0..<columns { to[column] = Self((Double(from[column]) - mean) * factor) }
        }
    }
}

@inline(__always)
func combineFractions<Number: TensorFloat>(
    _ operation: _PairOperation, _ left: UnsafePointer<Number>, _ leftStep: Int, _ right: UnsafePointer<Number>,
    _ rightStep: Int, _ result: UnsafeMutablePointer<Number>, _ count: Int
) {
    switch operation {
    case .add: pairs(left, leftStep, right, rightStep, result, count) { $0 + $1 }
    case .subtract: pairs(left, leftStep, right, rightStep, result, count) { $0 - $1 }
    case .multiply: pairs(left, leftStep, right, rightStep, result, count) { $0 * $1 }
    case .divide: pairs(left, leftStep, right, rightStep, result, count) { $0 / $1 }
    // A NaN of either side stays.
    case .maximum: pairs(left, leftStep, right, rightStep, result, count) { $0 >= $1 || $0.isNaN ? $0 : $1 }
    case .minimum: pairs(left, leftStep, right, rightStep, result, count) { $0 <= $1 || $0.isNaN ? $0 : $1 }
    }
}

extension Double: TensorFloat {
    public typealias Sum = Double
    public static var _numPyName: String { "f8" }
}

#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    extension Float16: TensorFloat {
        public typealias Sum = Float16
        public static var _numPyName: String { "f2" }
    }
#endif
