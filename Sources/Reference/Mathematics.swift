import EmotionFormerSystem

/// The C library's functions of one number, in double precision.
enum Mathematics {
    static func exponential(_ x: Double) -> Double { exp(x) }
    /// eˣ − 1, exact near zero.
    static func exponentialMinusOne(_ x: Double) -> Double { expm1(x) }
    static func logarithm(_ x: Double) -> Double { log(x) }
    static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
    static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
    static func errorFunction(_ x: Double) -> Double { erf(x) }
    static func sine(_ x: Double) -> Double { sin(x) }
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
}
