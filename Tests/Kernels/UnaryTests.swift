import EmotionFormerKernels
import Testing

/// Elementwise functions against float64, over the whole range of floats.
@Suite struct UnaryTests {
    /// Every 32,749th float, so every exponent and both signs, and the special ones.
    static let inputs: [Float] = {
        var values: [Float] = [
            0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1, -1, 0.5, -0.5, 88.7228, 88.7229,
            -87.34, -103.97, -103.98, -104,
        ]
        var bits: UInt32 = 0
        while true {
            let value = Float(bitPattern: bits)
            if value.isFinite { values.append(value) }
            let (next, overflow) = bits.addingReportingOverflow(131_063)
            if overflow { break }
            bits = next
        }
        // Where the interesting things happen, finely.
        values += (-2_000...2_000).map { Float($0) * 0.0051 }
        return values
    }()

    /// The largest error in units of the last place of the exact result.
    static func errorInUnits(_ found: [Float], _ expected: [Double], _ slack: (Float) -> Double) -> (Double, Float) {
        var worst = (0.0, Float(0))
        for index in found.indices {
            let exact = expected[index]
            let nearest = Float(exact)
            let value = found[index]
            if nearest.isNaN && value.isNaN || nearest == value { continue }
            let unit = max(Double(nearest.isFinite ? nearest.ulp : .infinity), Double(Float.leastNonzeroMagnitude))
            let error = abs(Double(value) - exact) / max(unit, slack(inputs[index]))
            if !(error <= worst.0) { worst = (error.isNaN ? .infinity : error, inputs[index]) }
        }
        return worst
    }

    static func evaluate(_ level: InstructionSet, _ operation: UnaryOperation, _ alpha: Float, _ beta: Float) -> [Float]
    {
        let input = Buffer(inputs, margin: 12345)
        let output = Buffer(count: inputs.count)
        KernelSet.kernels(for: level).unary(operation, input.address, output.address, inputs.count, alpha, beta)
        #expect(output.isMarginUntouched)
        return output.values
    }

    /// Bounds in units of the last place.
    static let bounds: [(UnaryOperation, Double)] = [
        (.copy, 0), (.negate, 0), (.absolute, 0), (.square, 0.5), (.squareRoot, 0.5),
        (.reciprocalSquareRoot, 1.5), (.exponential, 2), (.logarithm, 2), (.tanh, 3), (.sigmoid, 4),
        (.errorFunction, 4),
        (.silu, 5), (.relu, 0), (.relu6, 0), (.reluN1To1, 0), (.leakyRelu, 0.5), (.elu, 5), (.selu, 6), (.softplus, 4),
        (.softsign, 1.5), (.clamp, 0),
    ]

    @Test(arguments: InstructionSet.available)
    func functionsStayWithinTheirBounds(level: InstructionSet) {
        for (operation, bound) in Self.bounds {
            let (alpha, beta): (Float, Float) = operation == .clamp ? (-0.75, 2.5) : (0.3, 0)
            let found = Self.evaluate(level, operation, alpha, beta)
            let expected = Self.inputs.map { Oracle.unary(operation, Double($0), Double(alpha), Double(beta)) }
            // The argument multiplies what rounding leaves of a subnormal sigmoid.
            let (error, place) = Self.errorInUnits(found, expected) {
                operation == .silu ? Double(abs($0)) * Double(Float.leastNonzeroMagnitude) : 0
            }
            #expect(error <= bound, "\(level) \(operation) at \(place)")
        }
    }

    /// Where the formula itself cancels, the bound is relative to the argument.
    @Test(arguments: InstructionSet.available)
    func functionsThatCancelStayWithinTheirBounds(level: InstructionSet) {
        for operation in [UnaryOperation.gelu, .geluTanh, .hardSigmoid, .hardSilu, .mish, .affine] {
            let (alpha, beta): (Float, Float) = (0.2, 0.5)
            let found = Self.evaluate(level, operation, alpha, beta)
            let expected = Self.inputs.map { Oracle.unary(operation, Double($0), Double(alpha), Double(beta)) }
            let (error, place) = Self.errorInUnits(found, expected) { 3e-7 * max(1, Double(abs($0))) }
            #expect(error <= 1, "\(level) \(operation) at \(place)")
        }
    }

    @Test(arguments: InstructionSet.available)
    func notANumberStays(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        let input = Buffer([Float](repeating: .nan, count: 17), margin: 12345)
        for operation in UnaryOperation.allCases {
            let output = Buffer(count: 17)
            kernels.unary(operation, input.address, output.address, 17, 0.5, 1)
            #expect(output.values.allSatisfy { $0.isNaN }, "\(level) \(operation)")
        }
    }

    /// The measure of this suite must see an error: eˣ is not a tanh, and a wrong last digit counts.
    @Test func theMeasureCanFail() {
        let expected = Self.inputs.map { Oracle.unary(.exponential, Double($0), 0, 0) }
        let wrong = expected.map { Float($0) * 1.000_001 }
        #expect(Self.errorInUnits(wrong, expected) { _ in 0 }.0 > 5)
    }

    @Test(arguments: InstructionSet.available)
    func everyLengthIsCovered(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for count in [1, 2, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65] {
            let left = Buffer(random: count, seed: 1)
            let right = Buffer(random: count, seed: 2)
            let output = Buffer(count: count)
            for operation in BinaryOperation.allCases {
                let expected = left.values.indices.map {
                    Self.combine(operation, Double(left.address[$0]), Double(right.address[$0]))
                }
                kernels.binary(operation, left.address, right.address, output.address, count)
                #expect(Self.agree(output, expected), "\(level) \(operation) \(count)")
                let other = right.address[0]
                for isReversed in [false, true] {
                    let scalar = left.values.map {
                        isReversed
                            ? Self.combine(operation, Double(other), Double($0))
                            : Self.combine(operation, Double($0), Double(other))
                    }
                    kernels.binaryScalar(operation, left.address, other, isReversed, output.address, count)
                    #expect(Self.agree(output, scalar), "\(level) \(operation) scalar \(count)")
                }
            }
        }
    }

    static func agree(_ output: Buffer<Float>, _ expected: [Double]) -> Bool {
        guard output.isMarginUntouched else { return false }
        return zip(output.values, expected).allSatisfy { (found: Float, exact: Double) -> Bool in
            if Float(exact) == found { return true }
            return abs(Double(found) - exact) <= 1e-6 * abs(exact)
        }
    }

    static func combine(_ operation: BinaryOperation, _ x: Double, _ y: Double) -> Double {
        switch operation {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        case .maximum: max(x, y)
        case .minimum: min(x, y)
        case .squaredDifference: (x - y) * (x - y)
        }
    }
}
