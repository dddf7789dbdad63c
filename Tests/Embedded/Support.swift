import CMath
import EmotionFormerKernelInterface

// The tests of the kernels as one program for a processor that this machine emulates; Tools/test-neon writes `runAll`.

@_silgen_name("emotionformer_level") private func linkedLevel() -> KernelSet

/// The level, or one with a fault: the negative control.
private func level() -> KernelSet {
    var kernels = linkedLevel()
    let sound = kernels
    guard let name = getenv("EMOTIONFORMER_FAULT") else { return kernels }
    switch name[0] {
    case 109:  // m
        kernels.matmul = { product, rows in
            sound.matmul(product, rows)
            product.c[rows.lowerBound * product.cStride] *= 1.0001
        }
    case 113:  // q
        kernels.quantized.matmul = { product, rows in
            sound.quantized.matmul(product, rows)
            let address = product.c + rows.lowerBound * product.cStride
            address.pointee = address.pointee == 0 ? 1 : address.pointee.nextUp
        }
    case 105:  // i
        kernels.quantized.matmulIntegers = { product, rows in
            sound.quantized.matmulIntegers(product, rows)
            product.c[rows.lowerBound * product.cStride] ^= 1
        }
    case 100:  // d
        kernels.depthwiseConvolution = { call, windows in
            sound.depthwiseConvolution(call, windows)
            call.output[windows.lowerBound * call.channels * call.multiplier] += 1e-3
        }
    case 112:  // p
        kernels.poolWindows = { call, windows in
            sound.poolWindows(call, windows)
            call.output[windows.lowerBound * call.channels] += 1e-3
        }
    case 119:  // w
        kernels.gatherWindows = { call, windows in
            sound.gatherWindows(call, windows)
            call.output[0] += 1
        }
    case 117:  // u
        kernels.unary = { operation, input, output, count, alpha, beta in
            sound.unary(operation, input, output, count, alpha, beta)
            output[count - 1] *= 1.00001
        }
    default:  // a
        kernels.attention = { head, queries, scratch in
            sound.attention(head, queries, scratch)
            head.output[queries.lowerBound * head.outputStride] += 1e-3
        }
    }
    return kernels
}

nonisolated(unsafe) private var test: StaticString = ""
nonisolated(unsafe) private var failures = 0

extension InstructionSet {
    static var available: [InstructionSet] { [level().instructionSet] }
}

extension KernelSet {
    static func kernels(for instructionSet: InstructionSet) -> KernelSet { level() }
}

func begin(_ name: StaticString) { test = name }

func expect(_ holds: Bool, line: UInt = #line) {
    if holds { return }
    failures += 1
    // One fault is enough to know that it is found.
    if getenv("EMOTIONFORMER_FAULT") != nil { exit(3) }
    if failures > 20 { return }
    write(test)
    write(", line ")
    write(Int(line))
    write(": wrong\n")
}

private func write(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { _ = putchar(Int32(text.utf8Start[index])) }
}

private func write(_ number: Int) {
    if number > 9 { write(number / 10) }
    _ = putchar(Int32(48 + number % 10))
}

@main struct Main {
    static func main() {
        runAll()
        write(cases)
        write(" cases, ")
        write(failures)
        write(failures == 0 ? " wrong: passed\n" : " wrong: failed\n")
    }
}
