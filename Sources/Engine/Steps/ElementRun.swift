import EmotionFormerKernelInterface
import EmotionFormerKernels

/// Computes `count` adjacent results from up to three operands.
///
/// `strides` count elements of each operand from one result to the next, in lanes x, y, z: 1, or 0 if it is broadcast.
/// Missing operands repeat the first.
typealias ElementRun =
    @Sendable (
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
        _ strides: SIMD4<Int>, _ count: Int
    ) -> Void

/// The same of two operands, with rows of `columns` adjacent results. `rowStrides` count bytes of each operand from one row to
/// the next.
typealias ElementRowRun =
    @Sendable (
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ strides: SIMD4<Int>,
        _ rowStrides: SIMD4<Int>, _ rows: Int, _ columns: Int
    ) -> Void

enum ElementRuns {
    @inline(__always)
    static func unary<Input, Output>(_ function: @escaping @Sendable (Input) -> Output) -> ElementRun {
        { a, _, _, output, strides, count in
            let a = a.assumingMemoryBound(to: Input.self)
            let output = output.assumingMemoryBound(to: Output.self)
            if strides.x == 1 {
                for index in 0..<count { output[index] = function(a[index]) }
            } else {
                for index in 0..<count { output[index] = function(a[index &* strides.x]) }
            }
        }
    }

    @inline(__always)
    static func binary<Input, Output>(_ function: @escaping @Sendable (Input, Input) -> Output) -> ElementRun {
        { a, b, _, output, strides, count in
            let a = a.assumingMemoryBound(to: Input.self)
            let b = b.assumingMemoryBound(to: Input.self)
            let output = output.assumingMemoryBound(to: Output.self)
            if strides.x == 1, strides.y == 1 {
                for index in 0..<count { output[index] = function(a[index], b[index]) }
            } else if strides.x == 1, strides.y == 0 {
                let b = b[0]
                for index in 0..<count { output[index] = function(a[index], b) }
            } else {
                for index in 0..<count { output[index] = function(a[index &* strides.x], b[index &* strides.y]) }
            }
        }
    }

    /// `Bits` is an unsigned integer of the elements' size.
    @inline(__always)
    static func select<Bits: FixedWidthInteger & SendableMetatype>(_ bits: Bits.Type) -> ElementRun {
        { condition, first, second, output, strides, count in
            let condition = condition.assumingMemoryBound(to: UInt8.self)
            let first = first.assumingMemoryBound(to: Bits.self)
            let second = second.assumingMemoryBound(to: Bits.self)
            let output = output.assumingMemoryBound(to: Bits.self)
            for index in 0..<count {
                output[index] =
                    condition[index &* strides.x] != 0 ? first[index &* strides.y] : second[index &* strides.z]
            }
        }
    }

    static func kernel(
        _ kernels: KernelSet, _ operation: UnaryOperation, alpha: Float = 0, beta: Float = 0
    ) -> ElementRun {
        let unary = kernels.unary
        return { a, _, _, output, strides, count in
            let a = a.assumingMemoryBound(to: Float.self)
            let output = output.assumingMemoryBound(to: Float.self)
            if strides.x == 1 {
                unary(operation, a, output, count, alpha, beta)
            } else {
                unary(operation, a, output, 1, alpha, beta)
                (output + 1).update(repeating: output[0], count: count &- 1)
            }
        }
    }

    static func kernel(_ kernels: KernelSet, _ operation: BinaryOperation) -> ElementRun {
        let binary = kernels.binary
        let binaryScalar = kernels.binaryScalar
        return { a, b, _, output, strides, count in
            let a = a.assumingMemoryBound(to: Float.self)
            let b = b.assumingMemoryBound(to: Float.self)
            let output = output.assumingMemoryBound(to: Float.self)
            switch (strides.x, strides.y) {
            case (1, 1): binary(operation, a, b, output, count)
            case (1, _): binaryScalar(operation, a, b[0], false, output, count)
            case (_, 1): binaryScalar(operation, b, a[0], true, output, count)
            default:
                binary(operation, a, b, output, 1)
                (output + 1).update(repeating: output[0], count: count &- 1)
            }
        }
    }
}
