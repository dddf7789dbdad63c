#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerCPUIntrinsics

    // The vocabulary of the shared kernels for arm64; the portable module's file says what each function means. A vector
    // is a pair of registers: two chains side by side hide the latency of most operations.

    typealias Vector = SIMD8<Float>

    private typealias Half = SIMD4<Float>
    private typealias Bits = SIMD8<UInt32>

    @inline(__always) var laneCount: Int { 8 }

    @inline(__always) func broadcast(_ value: Float) -> Vector { Vector(repeating: value) }

    @inline(__always) func load(_ address: UnsafePointer<Float>) -> Vector {
        UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
    }

    @inline(__always) private func quad(_ address: UnsafePointer<Float>) -> Half {
        UnsafeRawPointer(address).loadUnaligned(as: Half.self)
    }

    @inline(__always) private func pair(_ address: UnsafePointer<Float>) -> SIMD2<Float> {
        UnsafeRawPointer(address).loadUnaligned(as: SIMD2<Float>.self)
    }

    /// The first 0…4 lanes from memory, those of `padding` in the others.
    @inline(__always) private func load(_ address: UnsafePointer<Float>, first count: Int, of padding: Half) -> Half {
        switch count {
        case 0: return padding
        case 1: return Half(address[0], padding.y, padding.z, padding.w)
        case 2: return Half(lowHalf: pair(address), highHalf: padding.highHalf)
        case 3: return Half(lowHalf: pair(address), highHalf: SIMD2(address[2], padding.w))
        default: return quad(address)
        }
    }

    @inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int, padding: Float) -> Vector {
        let rest = Half(repeating: padding)
        if count < 4 { return Vector(lowHalf: load(address, first: count, of: rest), highHalf: rest) }
        return Vector(lowHalf: quad(address), highHalf: load(address + 4, first: count &- 4, of: rest))
    }

    @inline(__always) func load(_ address: UnsafePointer<Float>, first count: Int) -> Vector {
        load(address, first: count, padding: 0)
    }

    @inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
    }

    @inline(__always) private func store(_ half: Half, _ address: UnsafeMutablePointer<Float>, first count: Int) {
        if count >= 4 {
            UnsafeMutableRawPointer(address).storeBytes(of: half, as: Half.self)
            return
        }
        if count >= 2 { UnsafeMutableRawPointer(address).storeBytes(of: half.lowHalf, as: SIMD2<Float>.self) }
        if count == 1 { address[0] = half.x }
        if count == 3 { address[2] = half.z }
    }

    @inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, first count: Int) {
        store(vector.lowHalf, address, first: count)
        if count > 4 { store(vector.highHalf, address + 4, first: count &- 4) }
    }

    /// The first `count` lanes; 0 in the others.
    @inline(__always) func keep(_ vector: Vector, first count: Int) -> Vector {
        let lanes = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7)
        return vector.replacing(with: 0, where: lanes .>= SIMD8(repeating: Int32(truncatingIfNeeded: count)))
    }

    @inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { c.addingProduct(a, b) }

    @inline(__always) func larger(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }

    @inline(__always) func smaller(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }

    @inline(__always) func whereLess(_ a: Vector, _ b: Vector, _ x: Vector, _ y: Vector) -> Vector {
        y.replacing(with: x, where: a .< b)
    }

    @inline(__always) func nanWhereNaN(_ x: Vector, _ y: Vector, _ z: Vector) -> Vector {
        x.replacing(with: .nan, where: (y .!= y) .| (z .!= z))
    }

    @inline(__always) func squareRoot(_ x: Vector) -> Vector {
        Vector(lowHalf: vsqrtq_f32(x.lowHalf), highHalf: vsqrtq_f32(x.highHalf))
    }

    @inline(__always) func magnitude(_ x: Vector) -> Vector {
        Vector(lowHalf: vabsq_f32(x.lowHalf), highHalf: vabsq_f32(x.highHalf))
    }

    @inline(__always) func copySign(_ x: Vector, _ y: Vector) -> Vector {
        let sign = Bits(repeating: 0x8000_0000)
        let bits = unsafeBitCast(x, to: Bits.self) & ~sign | unsafeBitCast(y, to: Bits.self) & sign
        return unsafeBitCast(bits, to: Vector.self)
    }

    @inline(__always) func roundedToEven(_ x: Vector) -> Vector {
        Vector(lowHalf: vrndnq_f32(x.lowHalf), highHalf: vrndnq_f32(x.highHalf))
    }

    @inline(__always) func scaled(_ x: Vector, byPowerOfTwo n: Vector) -> Vector {
        let half = roundedToEven(n * broadcast(0.5))
        return x * withExponent(half) * withExponent(n - half)
    }

    @inline(__always) func scaled(_ x: Vector, byNormalPowerOfTwo n: Vector) -> Vector { x * withExponent(n) }

    @inline(__always) private func integers(_ x: Vector) -> SIMD8<Int32> {
        SIMD8(lowHalf: vcvtnq_s32_f32(x.lowHalf), highHalf: vcvtnq_s32_f32(x.highHalf))
    }

    @inline(__always) private func withExponent(_ n: Vector) -> Vector {
        unsafeBitCast((integers(n) &+ SIMD8(repeating: 127)) &<< 23, to: Vector.self)
    }

    @inline(__always) func fractionAndExponent(_ x: Vector) -> (fraction: Vector, exponent: Vector) {
        let root = Bits(repeating: 0x3F35_04F3)
        let bits = unsafeBitCast(x, to: Bits.self) &- root
        let exponent = unsafeBitCast(bits, to: SIMD8<Int32>.self) &>> 23
        let fraction = (bits & Bits(repeating: 0x007F_FFFF)) &+ root
        return (unsafeBitCast(fraction, to: Vector.self), floats(exponent))
    }

    @inline(__always) func floats(_ x: SIMD8<Int32>) -> Vector {
        Vector(lowHalf: vcvtq_f32_s32(x.lowHalf), highHalf: vcvtq_f32_s32(x.highHalf))
    }

    typealias QuantizedValue = UInt8

    @inline(__always) func storeQuantized(_ x: Vector, _ address: UnsafeMutablePointer<QuantizedValue>) {
        let numbers = integers(x)
        let words = vcombine_s16(vmovn_s32(numbers.lowHalf), vmovn_s32(numbers.highHalf))
        UnsafeMutableRawPointer(address).storeBytes(of: vmovn_s16(words), as: int8x8_t.self)
    }

    @inline(__always) func sumOfLanes(_ x: Vector) -> Float { vaddvq_f32(x.lowHalf + x.highHalf) }

    @inline(__always) func largestLane(_ x: Vector) -> Float { vmaxvq_f32(vmaxq_f32(x.lowHalf, x.highHalf)) }

    @inline(__always) func smallestLane(_ x: Vector) -> Float { vminvq_f32(vminq_f32(x.lowHalf, x.highHalf)) }
#endif
