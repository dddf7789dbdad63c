/// The contours of a face: paths of indices of MediaPipe's 478 landmarks.
enum FaceContours {
    static let landmarkCount = 478

    static let paths: [(name: String, path: [Int])] = [
        (
            "face oval",
            [
                10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
                149,
                150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10,
            ]
        ),
        ("left eye", [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263]),
        ("right eye", [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33]),
        ("left iris", [474, 475, 476, 477, 474]),
        ("right iris", [469, 470, 471, 472, 469]),
        ("left brow", [276, 283, 282, 295, 285]),
        ("left brow", [300, 293, 334, 296, 336]),
        ("right brow", [46, 53, 52, 65, 55]),
        ("right brow", [70, 63, 105, 66, 107]),
        (
            "lips",
            [
                61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61,
            ]
        ),
        (
            "lips",
            [
                78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78,
            ]
        ),
    ]

    /// The part of the face whose contour contains a landmark; nil if there is none.
    static func part(of landmark: Int) -> String? {
        paths.first { $0.path.contains(landmark) }?.name
    }
}
