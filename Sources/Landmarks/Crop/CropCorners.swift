import EmotionFormerSystem

/// The corners of a rotated rectangle in a picture's pixels, as OpenCV's `RotatedRect::points` gives them.
package struct CropCorners: Sendable, Hashable {
    package let bottomLeft: SIMD2<Float>
    package let topLeft: SIMD2<Float>
    package let topRight: SIMD2<Float>
    package let bottomRight: SIMD2<Float>

    /// - Parameters:
    ///   - width: of the picture, in pixels, as `height`.
    package init(_ rectangle: FaceRectangle, width: Int, height: Int) {
        let size = SIMD2(Float(width), Float(height))
        self.init(
            center: SIMD2(rectangle.x, rectangle.y) * size,
            size: SIMD2(rectangle.width, rectangle.height) * size, rotation: rectangle.rotation)
    }

    /// Of the square around a whole picture.
    package init(aroundWidth width: Int, height: Int) {
        let side = Float(max(width, height))
        self.init(center: 0.5 * SIMD2(Float(width), Float(height)), size: SIMD2(side, side), rotation: 0)
    }

    /// - Parameters:
    ///   - center: in pixels, as `size`.
    ///   - rotation: radians, clockwise as seen.
    init(center: SIMD2<Float>, size: SIMD2<Float>, rotation: Float) {
        // An angle goes through degrees, in float32.
        let degrees = Float(Double(rotation * 180) / Double.pi)
        let angle = Double(degrees) * Double.pi / 180
        let across = Float(cos(angle)) * 0.5
        let along = Float(sin(angle)) * 0.5
        let (width, height) = (size.x, size.y)
        bottomLeft = SIMD2(
            center.x - along * height - across * width, center.y + across * height - along * width)
        topLeft = SIMD2(
            center.x + along * height - across * width, center.y - across * height - along * width)
        topRight = 2 * center - bottomLeft
        bottomRight = 2 * center - topLeft
    }
}
