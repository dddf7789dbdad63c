// The vocabulary in which the shared kernels are written, for the baseline of any platform. Two more modules say the
// same with AVX2 and AVX-512; the files of KernelSources/Shared are compiled into all three.

typealias Vector = SIMD8<Float>

@inline(__always) var laneCount: Int { 8 }

@inline(__always) func broadcast(_ value: Float) -> Vector { Vector(repeating: value) }

@inline(__always) func load(_ address: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

/// The first `count` lanes from memory, 0 in the others; nothing is read past them.
@inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int) -> Vector {
    var vector = Vector()
    var lane = 0
    while lane < count {
        vector[lane] = address[lane]
        lane &+= 1
    }
    return vector
}

/// The first `count` lanes from memory, `padding` in the others.
@inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int, padding: Float) -> Vector {
    var vector = broadcast(padding)
    var lane = 0
    while lane < count {
        vector[lane] = address[lane]
        lane &+= 1
    }
    return vector
}

@inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
}

@inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, first count: Int) {
    var lane = 0
    while lane < count {
        address[lane] = vector[lane]
        lane &+= 1
    }
}

/// a·b + c, with one rounding where the level has such an instruction.
@inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    #if arch(arm64)
        c.addingProduct(a, b)
    #else
        a * b + c
    #endif
}

/// a > b ? a : b, so b if either is not a number.
@inline(__always) func larger(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }

/// a < b ? a : b, so b if either is not a number.
@inline(__always) func smaller(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }

/// a < b ? x : y
@inline(__always) func whereLess(_ a: Vector, _ b: Vector, _ x: Vector, _ y: Vector) -> Vector {
    y.replacing(with: x, where: a .< b)
}

/// NaN where y or z is NaN, x elsewhere.
@inline(__always) func nanWhereNaN(_ x: Vector, _ y: Vector, _ z: Vector) -> Vector {
    x.replacing(with: .nan, where: (y .!= y) .| (z .!= z))
}

@inline(__always) func squareRoot(_ x: Vector) -> Vector { x.squareRoot() }

private typealias Bits = SIMD8<UInt32>

@inline(__always) func magnitude(_ x: Vector) -> Vector {
    unsafeBitCast(unsafeBitCast(x, to: Bits.self) & Bits(repeating: 0x7FFF_FFFF), to: Vector.self)
}

/// The magnitude of x with the sign of y.
@inline(__always) func copySign(_ x: Vector, _ y: Vector) -> Vector {
    let sign = Bits(repeating: 0x8000_0000)
    let bits = unsafeBitCast(x, to: Bits.self) & ~sign | unsafeBitCast(y, to: Bits.self) & sign
    return unsafeBitCast(bits, to: Vector.self)
}

/// The nearest integer, ties to even, for |x| < 2²²: adding 1.5·2²³ leaves no bits for a fraction.
@inline(__always) func roundedToEven(_ x: Vector) -> Vector {
    let magic = broadcast(12_582_912)
    return (x + magic) - magic
}

/// x·2ⁿ for an integral n of −300…300, exact also if the result is subnormal or infinite.
@inline(__always) func scaled(_ x: Vector, byPowerOfTwo n: Vector) -> Vector {
    let half = roundedToEven(n * broadcast(0.5))
    return x * withExponent(half) * withExponent(n - half)
}

/// x·2ⁿ for an integral n of −126…127.
@inline(__always) func scaled(_ x: Vector, byNormalPowerOfTwo n: Vector) -> Vector { x * withExponent(n) }

@inline(__always) private func withExponent(_ n: Vector) -> Vector {
    // n + 1.5·2²³ holds n in its low bits: shifted up, they are the exponent.
    let bits = unsafeBitCast(n + broadcast(12_582_912 + 127), to: Bits.self)
    return unsafeBitCast(bits &<< 23, to: Vector.self)
}

/// x = fraction·2^exponent for a positive normal x, the fraction in [√½, √2).
@inline(__always) func fractionAndExponent(_ x: Vector) -> (fraction: Vector, exponent: Vector) {
    let bits = unsafeBitCast(x, to: Bits.self) &- Bits(repeating: 0x3F35_04F3)
    let exponent = unsafeBitCast(bits, to: SIMD8<Int32>.self) &>> 23
    let fraction = (bits & Bits(repeating: 0x007F_FFFF)) &+ Bits(repeating: 0x3F35_04F3)
    return (unsafeBitCast(fraction, to: Vector.self), Vector(exponent))
}

/// How a quantized value of 0…255 is kept in a row: a level whose instructions multiply pairs of 16-bit integers has
/// UInt16 here, so that a pair is one number to load.
typealias QuantizedValue = UInt8

/// Stores each lane's integer as a quantized value; lanes must hold integers of 0…255.
@inline(__always) func storeQuantized(_ x: Vector, _ address: UnsafeMutablePointer<QuantizedValue>) {
    let bytes = SIMD8<UInt8>(truncatingIfNeeded: unsafeBitCast(x + broadcast(12_582_912), to: Bits.self))
    UnsafeMutableRawPointer(address).storeBytes(of: bytes, as: SIMD8<UInt8>.self)
}

@inline(__always) func sumOfLanes(_ x: Vector) -> Float {
    let four = x.lowHalf + x.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
}

@inline(__always) func largestLane(_ x: Vector) -> Float {
    let four = x.highHalf.replacing(with: x.lowHalf, where: x.lowHalf .> x.highHalf)
    let two = four.highHalf.replacing(with: four.lowHalf, where: four.lowHalf .> four.highHalf)
    return two.x > two.y ? two.x : two.y
}

@inline(__always) func smallestLane(_ x: Vector) -> Float { -largestLane(-x) }
