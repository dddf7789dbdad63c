import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerReference
import Testing

@Suite struct OperationGoldenTests {
    @Test("every operation of the table, and every activation function, has a golden of the source framework")
    func coverage() {
        let covered = Set(OperationGolden.all.map(\.operation))
        // Operations on quantized integers have files of LiteRT's instead.
        for operation in Operation.allCases where !operation.isInteger {
            #expect(covered.contains(operation.rawValue), "\(operation)")
        }
        let functions = OperationGolden.all.compactMap { golden -> String? in
            guard golden.operation == "activation", case .text(let name)? = golden.attributes?["function"]?.attribute
            else { return nil }
            return name
        }
        for function in ActivationFunction.allCases {
            #expect(functions.contains(function.rawValue), "\(function)")
        }
    }

    @Test("operations give the source framework's results", arguments: OperationGolden.all)
    func golden(_ golden: OperationGolden) throws {
        try compare(golden, foldsConstants: false)
    }

    @Test(
        "operations on constants give the same while types are inferred",
        arguments: OperationGolden.all.filter { $0.graphs == nil && $0.inputs.contains { $0 != nil } })
    func folded(_ golden: OperationGolden) throws {
        try compare(golden, foldsConstants: true)
    }

    private func compare(_ golden: OperationGolden, foldsConstants: Bool) throws {
        let results = try golden.run(foldsConstants: foldsConstants)
        for (index, (result, expected)) in zip(results, golden.outputs).enumerated() {
            let expectedType = try expected.valueType()
            #expect(result.type == expectedType)
            // A constant has been through float32.
            let tolerance = max(golden.tolerance ?? 2e-8, foldsConstants ? 1e-7 : 0)
            let difference = Self.difference(result.elements, expected.data)
            #expect(difference <= tolerance, "output \(index)")
        }
    }

    /// The largest difference relative to the largest magnitude, which counts as at least 1; infinite if numbers and
    /// NaNs, or infinities, stand at different places.
    static func difference(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count else { return .infinity }
        let magnitude = expected.filter(\.isFinite).map(abs).max() ?? 1
        return zip(found, expected).map { a, b in
            if a == b || a.isNaN && b.isNaN { return 0 }
            let difference = abs(a - b)
            return difference.isFinite ? difference / max(magnitude, 1) : .infinity
        }.max() ?? 0
    }

    @Test("the comparison sees a wrong number, a missing one and a NaN")
    func negativeControl() {
        #expect(Self.difference([1, 2], [1, 2]) == 0)
        #expect(Self.difference([1, 2.0001], [1, 2]) > 1e-5)
        #expect(Self.difference([1], [1, 2]) == .infinity)
        #expect(Self.difference([.nan], [1]) == .infinity)
        #expect(Self.difference([1], [.infinity]) == .infinity)
        #expect(Self.difference([.nan], [.nan]) == 0)
    }
}
