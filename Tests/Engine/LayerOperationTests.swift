import EmotionFormerCore
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerGraph

@Suite("Layers without a matrix product, and windows, equal the reference") struct LayerOperationTests {
    @Test("rescaling and batch normalization")
    func affine() {
        for input in [
            floats([2, 5, 3]), integers([2, 5], in: 0...255, as: UInt8.self), integers([4], in: -9...9),
            integers([4], in: -9...9, as: Int8.self), integers([4], in: -9...9, as: Int64.self),
        ] {
            OperationCase(.rescaling, [input], ["scale": .number(0.25), "offset": .number(-1)]).check()
        }
        for (axis, channels) in [(-1, 3), (1, 5), (0, 2)] {
            let weights = [
                "gamma": floats([channels]), "beta": floats([channels], seed: 2), "mean": floats([channels], seed: 3),
                "variance": floats([channels], seed: 4, scale: 0.9, offset: 1),
            ]
            let attributes: Attributes = ["axis": .integer(axis), "epsilon": .number(0.001)]
            OperationCase(.batchNormalization, [floats([2, 5, 3])], attributes, weights: weights).check()
            OperationCase(
                .batchNormalization, [floats([2, 5, 3])], attributes,
                weights: weights.filter { $0.key == "mean" || $0.key == "variance" }
            ).check()
        }
    }

    @Test("positional encodings")
    func positions() {
        OperationCase(
            .positionalEncoding, [floats([2, 5, 6])], ["scale": .number(3)], weights: ["table": floats([8, 6])]
        ).check()
        for arrangement in ["concatenated", "interleaved"] {
            for width in [6, 7] {
                OperationCase(
                    .positionalEncoding, [floats([1, 40, width])],
                    [
                        "kind": .text("sinusoidal"), "arrangement": .text(arrangement),
                        "maximumWavelength": .number(500),
                    ]
                ).check()
            }
        }
    }

    @Test("masking")
    func masking() {
        let input = Tensor(.float32, Shape(unchecked: [1, 4, 2])) { bytes in
            let elements = bytes.bindMemory(to: Float.self)
            for (index, value) in ([0, 0, 1, 0, 0, -2, 3, 3] as [Float]).enumerated() { elements[index] = value }
        }
        OperationCase(.masking, [input], outputs: 2).check()
        OperationCase(.masking, [input], ["maskValue": .number(3)], outputs: 2).check()
    }

    @Test("pooling windows", arguments: ["valid", "same"])
    func pooling(_ padding: String) {
        for kind in ["maximum", "average"] {
            for (size, stride) in [(2, 2), (3, 1), (3, 2), (1, 3)] {
                OperationCase(
                    .pooling1D, [floats([2, 7, 3])],
                    [
                        "kind": .text(kind), "poolSize": .integer(size), "stride": .integer(stride),
                        "padding": .text(padding),
                    ]
                ).check()
                OperationCase(
                    .pooling2D, [floats([2, 7, 5, 3])],
                    [
                        "kind": .text(kind), "poolSize": .integers([size, 2]), "strides": .integers([stride, 1]),
                        "padding": .text(padding),
                    ]
                ).check()
            }
        }
    }

    @Test("convolutions over images", arguments: ["valid", "same"])
    func convolutions(_ padding: String) {
        for (kernel, strides, dilations, groups) in [
            ([1, 1], [1, 1], [1, 1], 1), ([3, 2], [1, 1], [1, 1], 1), ([3, 3], [2, 1], [1, 1], 2),
            ([2, 3], [1, 2], [2, 1], 4), ([1, 5], [1, 1], [1, 1], 1),
        ] {
            let attributes: Attributes = [
                "strides": .integers(strides), "dilations": .integers(dilations), "padding": .text(padding),
            ]
            let depth = 4 / groups
            OperationCase(
                .conv2D,
                [floats([2, 7, 6, 4]), floats([8, kernel[0], kernel[1], depth], seed: 2), floats([8], seed: 3)],
                attributes, constants: [1, 2]
            ).check()
            OperationCase(
                .conv2D, [floats([1, 7, 6, 4]), floats([8, kernel[0], kernel[1], depth], seed: 2)], attributes,
                constants: [1]
            ).check()
            var quantized = OperationCase(
                .conv2D,
                [
                    floats([2, 7, 6, 4]),
                    integers([8, kernel[0], kernel[1], depth], in: -127...127, as: Int8.self), floats([8], seed: 3),
                ], attributes, constants: [1, 2])
            quantized.tolerance = 1e-6
            quantized.inputs[1]?.quantization = Quantization(
                scales: (1...8).map { Float($0) / 100 }, zeroPoints: Array(repeating: 0, count: 8), axis: 0)
            quantized.check()
            for multiplier in [1, 3] {
                var depthwise = attributes
                depthwise["multiplier"] = .integer(multiplier)
                OperationCase(
                    .depthwiseConv2D,
                    [
                        floats([2, 7, 6, 4]), floats([1, kernel[0], kernel[1], 4 * multiplier], seed: 2),
                        floats([4 * multiplier], seed: 3),
                    ], depthwise, constants: [1, 2]
                ).check()
            }
        }
    }

    @Test("windows of channels, around the widths of vectors", arguments: ["valid", "same"])
    func depthwiseConvolutions(_ padding: String) {
        for (channels, stride, dilation, size) in [
            (8, 1, 1, 3), (17, 2, 1, 3), (40, 1, 1, 3), (28, 2, 1, 3), (33, 1, 2, 3), (9, 1, 1, 5), (1, 1, 1, 3),
        ] {
            for multiplier in [1, 4] {
                let attributes: Attributes = [
                    "strides": .integers([stride, stride]), "dilations": .integers([dilation, dilation]),
                    "padding": .text(padding), "multiplier": .integer(multiplier),
                ]
                let inputs = [
                    floats([2, 9, 11, channels]), floats([1, size, size, channels * multiplier], seed: 2),
                    floats([channels * multiplier], seed: 3),
                ]
                for constants: Set<Int> in [[1, 2], [2], []] {
                    OperationCase(.depthwiseConv2D, inputs, attributes, constants: constants).check()
                }
            }
        }
    }

    @Test("a convolution of more windows than are gathered at a time")
    func manyWindows() {
        OperationCase(
            .conv2D, [floats([1, 1, 333, 5]), floats([7, 1, 3, 5], seed: 2)], ["padding": .text("same")],
            constants: [1]
        ).check()
    }
}
