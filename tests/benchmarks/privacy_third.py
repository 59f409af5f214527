"""A third set of names and sentences, held out at first and then used to mend the detector as well.

On first sight: recall of names 0.974 (en) and 0.632 (zh) before a rewriting that used the older sets alone, 0.976 and
0.826 after it (seed 4, 500 each).
"""

LATIN_GIVEN = (
    "Anneliese Bertrand Casimir Dagny Eleni Fionnuala Gwendal Hjalmar Ilse Jadwiga Kalina Ludovic Mirabel "
    "Nerys Odalys Perpetua Quillon Ragnhild Stelian Tadeusz Ulrike Vanja Wendelin Xiadani Yolanthe Zsofia "
    "Abebe Bukola Chiamaka Dawit Efua Fikile Gathoni Hiwot Ikenna Jabulani Kelechi Lerato Mandisa Ngozi "
    "Obinna Palesa Rudo Simbarashe Temitope Uzoma Wambui Yaw Zodwa Aarohi Bhavesh Chitra Devendra Gauri "
    "Harpreet Indrani Jaspreet Kamala Lalitha Manjula Nandini Omkar Parvati Radhika Sanjana Tejas Urmila "
    "Vikram Yamini Ayumi Daisuke Etsuko Fumio Hanae Ichiro Junpei Kazue Masaru Noriko Rinako Shigeru "
    "Tomoko Yoshiro Byungho Dahye Haneul Jiwon Kyungsoo Sooyoung Yejin Anh Bich Cuong Duong Hanh Khanh "
    "Lanh Ngoc Phuong Thanh Xuan Bilal Dalia Farhad Ghassan Hanan Iskandar Jamila Kamran Lubna Maryam "
    "Nasrin Omid Parisa Qasim Rania Samira Tahmineh Wafa Yasmin Zahra Itzel Jacinta Leocadia Nayeli "
    "Ovidio Primitivo Rosalba Socorro Tiburcio Yesenia Aroha Hemi Kahu Losa Manaia Talia Vaiana Berkant "
    "Defne Gülten Ilkay Nurten Orhan Pelin Serkan Tuba Umut"
)
LATIN_SURNAMES = (
    "Abernethy Blenkinsop Crowhurst Dunstable Entwistle Featherstonehaugh Grimshaw Hebblethwaite "
    "Inglethorpe Jellicoe Kettlewell Lillywhite Mainwaring Nettleship Ollerenshaw Postlethwaite Quarmby "
    "Ravenscroft Satterthwaite Thistlewood Umpleby Verinder Wolstenholme Yarborough O'Shaughnessy "
    "MacGillivray McCorquodale D'Amico DiGiacomo Fitzmaurice Aguinaldo Bermúdez Cabezas Elizondo "
    "Fuentealba Goicoechea Huerta Izquierdo Jaramillo Landeros Mondragón Ocasio Pichardo Restrepo "
    "Saldívar Tristán Uriarte Vizcarra Zubizarreta Albuquerque Bragança Cordeiro Falcão Lacerda Abendroth "
    "Bierbaum Dietrichsen Eichendorff Frühauf Grünewald Hasselbach Kirchgässner Lichtenfels Oberhauser "
    "Aaltonen Bjørnstad Dahlberg Ekström Gudmundsdottir Halvorsen Kivimäki Lindgaard Nyqvist Thorvaldsen "
    "Åkerman Archambault Boisvert Charbonneau Desrosiers Gauthreaux Laframboise Pelletier Thibodeaux "
    "Bertolucci Cavalcanti Fioravanti Guerrini Montefusco Santangelo Babiarz Cieslak Drozdowski Gajewska "
    "Hruška Kuznetsova Lewandowska Mazurek Novotná Pavlenko Rychlik Stojanović Tkachenko Vukašinović "
    "Zielinski Agarwal Bhattacharya Chaudhuri Dasgupta Gopalakrishnan Jayawardena Kulkarni Malhotra "
    "Narasimhan Padmanabhan Ranganathan Sivasubramaniam Thakkar Vaidyanathan Akbarzadeh Bakhtiari "
    "Daneshvar Ghorbani Jaziri Kassab Mokhtari Nasrallah Shahidi Takriti Zamani Abimbola Balogun "
    "Chukwuemeka Ezenwa Gebreselassie Kiprotich Lumumba Madikizela Nwachukwu Odhiambo Sibanda Tshabalala "
    "Asakura Doi Fukushima Hirano Kurosawa Matsuoka Nishikawa Okubo Shimizu Uchida Yoshikawa Bae Hwang "
    "Kwon Noh Seong Doan Huynh Luong Nghiem Trinh Vu Keawe Nakoa Palakiko Tamasese Tuiasosopo Arslan "
    "Çetinkaya Güngör Karaca Yıldırım"
)
ENGLISH = (
    "Chief complaint obtained through {x}, who lives with the patient.",
    "Patient {x} arrived by ambulance with {term}.",
    "Pt. {x} tolerated the procedure well.",
    "Per {x}, the rash began on Tuesday.",
    "{x} returned our call regarding the biopsy.",
    "Results were discussed with Ms. {x} by telephone.",
    "Mr. {x} has been taking lisinopril for years.",
    "Dr. {x} will follow the patient for {term}.",
    "Primary care provider: {x}",
    "PCP {x} notified.",
    "Ordering provider: {x}, DO",
    "Radiologist: {x}, MD. Findings: {term}.",
    "Reviewed and agreed, {x}, PA-C",
    "Signed: {x}",
    "Authorised signatory: {x}",
    "{x} (mother) consented to vaccination.",
    "His sister {x} will drive him home.",
    "Accompanied by her son {x}.",
    "Emergency contact is {x}, a neighbour.",
    "{x} is a pleasant 71-year-old retired teacher with {term}.",
    "{x}, aged 44, works as a plumber.",
    "{x} was discharged home in stable condition.",
    "{x} denies fever, chills or weight loss.",
    "{x} will return in two weeks.",
    "{x} continues to improve on the current regimen.",
    "{x} did not attend the appointment.",
    "Please book {x} for an echocardiogram.",
    "We reviewed the films of {x} with the family.",
    "I had the pleasure of seeing {x} today.",
    "Thank you for referring {x} with {term}.",
    "Dear Dr. {x},",
    "Dear Mrs {x}, your results are enclosed.",
    "Kind regards,\n{x}",
    "Yours faithfully,\n{x}\nConsultant",
    "To: {x}\nSubject: {term}",
    "From: {x}",
    "Name of insured: {x}",
    "Beneficiary: {x}",
    "Borrower: {x}\nCo-borrower: none",
    "The policy was issued to {x} last spring.",
    "Funds were wired to {x} without approval.",
    "Portfolio manager {x} resigned in May.",
    "Analyst: {x}",
    "The account is held jointly with {x}.",
    "Plaintiff, {x}, seeks damages.",
    "{x}, Plaintiff, v. Harbor Freight Lines",
    "United States v. {x}",
    "{x} v. Commissioner",
    "Before {x}, Circuit Judge.",
    "The deposition of {x} was taken in chambers.",
    "Counsel for the respondent: {x}",
    "{x}, for the appellant.",
    "The trial court found that {x} had breached the lease.",
    "Mr {x} submitted that the notice was late.",
    "The will of {x} was admitted to probate.",
    "The tenant, {x}, withheld rent.",
    "Affidavit of {x}",
    "Sworn before me by {x}",
    "Witness: {x}",
    "The officer stopped {x} near the bridge.",
    "{x} pleaded not guilty.",
    "The jury acquitted {x} on both counts.",
    "Student name: {x}",
    "{x} scored 42 of 50 on the fractions test.",
    "{x} struggles with long division.",
    "Parent/guardian: {x}",
    "Homeroom teacher {x} wrote the comment.",
    "Essay by {x}",
    "Tutor: {x}; subject: algebra",
    "Principal {x} approved the plan.",
    "{x} asked for an extension.",
    "Mentored by {x} since September.",
    "The scholarship was awarded to {x}.",
    "Interpreter: {x}",
    "Caregiver {x} demonstrated the injection.",
    "Social worker {x} visited the home.",
    "Nurse {x} gave report at 0700.",
    "Anesthesiologist: {x}",
    "Pathologist {x} reviewed the slides.",
    "Scribed for Dr. {x}.",
    "Faxed to the office of {x}, MD.",
    "Health care proxy: {x}",
    "Lives with spouse {x} and two cats.",
    "{x}'s wound is healing.",
    "{x}'s mother called about {term}.",
    "Message from {x}: pharmacy is out of stock.",
    "Attending: {x}",
    "Seen with resident {x}.",
    "Consult requested by {x}.",
    "Family meeting with {x} and the chaplain.",
)
CHINESE_GIVEN = (
    "宗翰 雪莹 启明 佩珊 兆丰 咏诗 鹤鸣 若兰 绍棠 紫薇 骏驰 韵秋 柏霖 冬青 凌霄 素梅 铭轩 采薇 世昌 翠玲 "
    "维桢 念慈 亦凡 映雪 守仁 锦绣 羽菲 卓然 毓秀 仲谋 碧华 庭芳 星辰 巧云 铁柱 爱莲 耀祖 诗涵 逸飞 慧敏 "
    "炳坤 玥 森 岚 骁 芮 湛 蕾 昊 珂 燊 筠 祺 霏 罡 淼 晗 懿 璐 荻 乐天 木兰 可欣 安邦 少卿 一鸣 奕辰 "
    "芷若 君豪 秉义 舒畅 丹青 迎春 长庚 喜顺 满囤 招娣 大勇 银花 来福 运生 佑民 锡麟 家骏 楚楚 南星 北辰 "
    "西蒙 东阳 怀瑾"
)
CHINESE_SURNAMES = (
    *"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜",
    *"范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁",
    *("欧阳", "慕容", "司徒", "皇甫", "尉迟", "夏侯"),
)
CHINESE = (
    "患者{x}，女，63岁，因{term}收入我科。",
    "患者姓名：{x}  科别：心内科",
    "病员{x}今晨突发胸闷。",
    "{x}患者术后第三天，伤口愈合好。",
    "{x}，女，45岁，教师。",
    "{x}（患者之女）代述病史。",
    "其子{x}签署知情同意书。",
    "家属：{x}，关系：夫妻",
    "紧急联系人 {x}",
    "产妇{x}顺产一男婴。",
    "患儿{x}之母诉其夜间哭闹。",
    "主管医师：{x}",
    "经治医师 {x}",
    "{x}副主任医师查房后指示继续抗感染治疗。",
    "请{x}医生会诊。",
    "接诊医生{x}考虑{term}。",
    "手术者：{x}，助手两名。",
    "巡回护士：{x}",
    "责任护士{x}已做健康宣教。",
    "护士{x}于八点测血糖。",
    "检验者：{x}",
    "报告医师：{x}  审核医师：",
    "药师{x}审核处方。",
    "介绍人：{x}",
    "申请医生：{x}",
    "采血者{x}",
    "{x}同志经体检合格。",
    "{x}老人跌倒后被送至急诊。",
    "{x}自述头痛三天。",
    "{x}既往有{term}病史。",
    "嘱{x}三个月后复查。",
    "通知{x}来院取报告。",
    "与{x}沟通后其表示理解。",
    "电话随访{x}，恢复良好。",
    "感谢{x}大夫的精心治疗。",
    "原告{x}，男，汉族，农民。",
    "原告：{x}。",
    "被告{x}未到庭参加诉讼。",
    "被告人{x}犯盗窃罪。",
    "被告人{x}对指控事实无异议。",
    "上诉人（原审被告）：{x}，女。",
    "被上诉人{x}答辩称，原判正确。",
    "第三人{x}述称，其不知情。",
    "申请执行人{x}与被执行人某公司。",
    "被执行人：{x}",
    "委托诉讼代理人：{x}，某律师事务所律师。",
    "辩护人{x}提出从轻处罚的意见。",
    "审判员　{x}",
    "人民陪审员：{x}",
    "代书记员 {x}",
    "公诉人{x}出庭支持公诉。",
    "证人{x}证实上述事实。",
    "经鉴定，被害人{x}的损伤程度为轻伤。",
    "{x}与某银行借款合同纠纷一案。",
    "{x}向本院提出诉讼请求。",
    "{x}不服，提起上诉。",
    "判令被告偿还{x}借款五万元。",
    "双方约定由{x}承担违约责任。",
    "借款人：{x}",
    "保证人{x}承担连带责任。",
    "出租人{x}将房屋交付使用。",
    "房屋登记在{x}名下。",
    "遗嘱人{x}立下本遗嘱。",
    "户名：{x}",
    "客户{x}申请提高额度。",
    "客户经理：{x}",
    "被保险人：{x}，保额二十万元。",
    "受益人为{x}。",
    "汇款人：{x}  附言：学费",
    "法人代表{x}签字盖章。",
    "董事长{x}主持会议。",
    "基金经理{x}表示谨慎乐观。",
    "学生姓名：{x}",
    "{x}同学在期中考试中得了满分。",
    "{x}同学把分数的意义理解错了。",
    "学生{x}没有完成作业。",
    "任课教师：{x}",
    "{x}老师布置了三道题。",
    "班长{x}收齐了作业。",
    "家长签字：{x}",
    "{x}的妈妈来校沟通。",
    "三班的{x}进步很大。",
    "小组长：{x}",
    "监护人{x}已知悉。",
    "尊敬的{x}女士：",
    "{x}先生，您的体检报告已出。",
    "亲爱的{x}小朋友：",
    "收件人：{x}",
    "承办法官{x}联系电话另附。",
    "我是{x}，想咨询{term}。",
    "我叫{x}，今年四十岁。",
)
