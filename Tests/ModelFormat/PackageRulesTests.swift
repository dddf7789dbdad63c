import EmotionFormerCore
import EmotionFormerGraph
import Testing

@testable import EmotionFormerModelFormat

/// Rules that a manifest cannot break alone: what a program says that makes packages, or a weight file.
@Suite struct PackageRulesTests {
    private func code(_ body: () throws(Fault) -> Void) -> Fault.Code? {
        do throws(Fault) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test("a layout of coordinates takes features in threes; others take any number")
    func layouts() {
        for layout in LandmarkLayout.allCases {
            let threes = layout == .xyzInterleaved || layout == .xyzPlanar
            for features in [3, 4, 6] {
                let found = code { () throws(Fault) in
                    try PackageRules.check(InputDescription(frames: 4, features: features, layout: layout))
                }
                #expect(found == (threes && features == 4 ? .layoutMismatch : nil), "\(layout) \(features)")
            }
        }
    }

    @Test(
        "zero points lie in their type's range, and are as many as the scales",
        arguments: [
            (ElementType.int8, [0.5], [-128], nil), (.int8, [0.5], [127], nil), (.int8, [0.5], [-129], .invalidValue),
            (.int8, [0.5], [128], .invalidValue), (.uint8, [0.5], [0], nil), (.uint8, [0.5], [255], nil),
            (.uint8, [0.5], [-1], .invalidValue), (.uint8, [0.5], [256], .invalidValue),
            (.int32, [0.5], [1 << 31], .invalidValue), (.int8, [0.5], [], .shapeMismatch),
            (.int8, [0.5], [0, 0], .shapeMismatch), (.int8, [], [0], .shapeMismatch),
            (.int8, [0], [0], .invalidValue), (.int8, [-1], [0], .invalidValue),
            (.int8, [.infinity], [0], .invalidValue), (.float32, [0.5], [0], .elementTypeMismatch),
        ] as [(ElementType, [Float], [Int], Fault.Code?)])
    func quantization(type: ElementType, scales: [Float], zeroPoints: [Int], expected: Fault.Code?) throws {
        let stored = StoredTensor(
            Tensor(type, try Shape([2])) { _ in },
            quantization: Quantization(scales: scales, zeroPoints: zeroPoints, axis: nil))
        #expect(code { () throws(Fault) in try PackageRules.check(stored) } == expected)
    }

    @Test("no int8 weight has a zero point, above or below zero", arguments: [-3, 3, 0])
    func weightZeroPoints(zeroPoint: Int) throws {
        var program = try SmallPackage.program()
        program.tensors["hidden/kernel"]?.quantization?.zeroPoints = [0, 0, zeroPoint]
        let found = code { () throws(Fault) in try PackageRules.checkWeightQuantization(program) }
        #expect(found == (zeroPoint == 0 ? nil : .invalidValue))
    }

    @Test("a self-test's tolerances are positive and finite", arguments: [0, -1, .infinity, .nan, 1e-6] as [Double])
    func tolerances(tolerance: Double) throws {
        let package = try SmallPackage.make()
        for isOfLogits in [true, false] {
            var test = try #require(package.selfTest)
            test.outputs[isOfLogits ? 1 : 0].tolerance = tolerance
            let main = try #require(package.main)
            let found = code { () throws(Fault) in
                try PackageRules.check(
                    test, inputs: package.inputs, of: main, outputs: package.outputs, labels: package.labels)
            }
            #expect(found == (tolerance == 1e-6 ? nil : .invalidValue))
        }
    }

    @Test("classes are counted along the outputs of the last layer, in both kernel layouts")
    func classCount() throws {
        var program = try SmallPackage.program()
        #expect(program.graphs[0].classCount(of: "probabilities", in: program) == 2)
        program.graphs[0].nodes[2].attributes["kernelLayout"] = .text("outputInput")
        #expect(program.graphs[0].classCount(of: "probabilities", in: program) == 3)
    }
}
